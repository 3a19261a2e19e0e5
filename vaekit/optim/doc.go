// Package optim holds what turns gradients into training: optimisers, which say how a
// parameter follows its gradient, and schedules, which say how a number such as the
// learning rate changes with the step.
//
//	vaekit.Training{
//		Optimiser: optim.AdamW{Decay: 0.01},
//		Rate:      3e-4,
//		Schedule:  optim.WarmUp{Steps: 500, Then: optim.Cosine{Steps: 20_000}},
//	}
//
// Both are plain values, written beside a run's weights as the model is, and both are
// evaluated inside the training program. A reader's own type joins in by having the
// methods of [Optimiser] or [Schedule]; vaekit.Register makes it known by name.
package optim
