package engine

// A Trial is what became of one kind of backend when it was started.
type Trial struct {
	Kind    string
	Plugin  string // its path; Go has none
	Devices int
	Err     error // why it cannot be used
}

// Survey opens what [Default] takes, and tries the other kinds for once.
func Survey() (taken *Backend, trials []Trial, err error) {
	taken, err = Default()
	for _, kind := range []string{"cuda", "xla", "go"} {
		trials = append(trials, try(kind, taken))
	}
	return taken, trials, err
}

func try(kind string, taken *Backend) (t Trial) {
	t.Kind = kind
	config := kind
	if kind != "go" {
		if t.Plugin, t.Err = findPlugin(kind); t.Err != nil {
			return t
		}
		config = "xla:" + t.Plugin
	}
	if taken != nil && taken.Kind == kind { // a second would want the same device's memory
		t.Devices = int(taken.NumDevices())
		return t
	}
	b, err := open(config, "", 1)
	if err != nil {
		t.Err = err
		return t
	}
	t.Devices = int(b.NumDevices())
	b.Finalize()
	return t
}
