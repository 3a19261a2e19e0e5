package show_test

import (
	"github.com/vaebook/vaebook/vaekit/show"
)

func ExampleTable() {
	show.Table([]string{"model", "ELBO", "active latents"},
		[]any{"β = 1", -151.234, 2},
		[]any{"β = 4", -163.9, 1},
	)
	// Output:
	// model    ELBO  active latents
	// β = 1  −151.2               2
	// β = 4  −163.9               1
}
