package dist

// Lgamma is the log-gamma function inside a graph.
var Lgamma = lgamma
