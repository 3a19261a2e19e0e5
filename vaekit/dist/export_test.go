package dist

var (
	Lgamma = lgamma // the log-gamma function inside a graph
	Power  = power  // the power spectrum of sounds inside a graph
)
