package main

import (
	"bytes"
	"context"
	"embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

//go:embed peers/*.py
var scripts embed.FS

func main() {
	if len(os.Args) == 3 && os.Args[1] == "-child" {
		quit(serve(os.Args[2]))
		return
	}
	var b bench
	names := []string{}
	for _, w := range workloads() {
		names = append(names, w.name)
	}
	flag.IntVar(&b.rounds, "rounds", 7, "rounds; fewer than 5 are a trial")
	flag.Float64Var(&b.turn, "turn", 5, "seconds of a turn")
	flag.StringVar(&b.out, "out", "out/bench.md", "where the table goes")
	flag.StringVar(&b.pythons, "pythons", ".setup/bench", "folder with a Python environment for each peer")
	only := flag.String("workloads", strings.Join(names, ","), "which workloads")
	peers := flag.String("peers", "jax,torch,tensorflow", "which peers")
	flag.Parse()
	b.workloads, b.peers = strings.Split(*only, ","), strings.Split(*peers, ",")
	for _, name := range b.workloads {
		if !slices.Contains(names, name) {
			quit(fmt.Errorf("bench: there is no workload %q; there are %s", name, strings.Join(names, ", ")))
		}
	}
	if b.rounds < 1 {
		quit(fmt.Errorf("bench: %d rounds; take 1 or more", b.rounds))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	quit(b.run(ctx))
}

func quit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A bench is one call of the program.
type bench struct {
	rounds    int
	turn      float64
	out       string
	pythons   string
	workloads []string
	peers     []string

	dir string // for data and scripts, gone at the end
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := os.CopyFS(b.dir, scripts); err != nil {
		return err
	}
	var sections bytes.Buffer
	var versions []string
	for _, w := range workloads() {
		if !slices.Contains(b.workloads, w.name) {
			continue
		}
		say("%s", w.title)
		w.programs = slices.DeleteFunc(w.programs, func(p program) bool {
			return p.peer != "" && !slices.Contains(b.peers, p.peer)
		})
		results, err := b.play(ctx, w)
		if err != nil {
			return err
		}
		w.write(&sections, results)
		for _, r := range results {
			if v := r.ready.Version; v != "" && !slices.Contains(versions, v) {
				versions = append(versions, v)
			}
		}
	}
	var report bytes.Buffer
	preface(&report, machine(), versions, b.rounds, b.turn)
	sections.WriteTo(&report)
	if err := os.MkdirAll(filepath.Dir(b.out), 0o777); err != nil {
		return err
	}
	fmt.Printf("\n%s\nThis table is in %s.\n", report.String(), b.out)
	return os.WriteFile(b.out, report.Bytes(), 0o666)
}

func (b *bench) play(ctx context.Context, w workload) ([]result, error) {
	data := filepath.Join(b.dir, "data")
	if w.data != nil {
		content, err := w.data()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(data, content, 0o666); err != nil {
			return nil, err
		}
	}
	s := stage{rounds: b.rounds, turn: b.turn, pause: 300 * time.Millisecond, say: say}
	s.start = func(ctx context.Context, p program) (*process, error) {
		argument, err := w.spec.argument(p.mode, data)
		if err != nil {
			return nil, err
		}
		argv, err := b.command(p)
		if err != nil {
			return nil, err
		}
		return start(ctx, append(argv, argument), b.environment(p))
	}
	return s.play(ctx, w)
}

// command is what starts a program, without the spec.
func (b *bench) command(p program) ([]string, error) {
	switch {
	case p.mode == "notebook":
		return []string{os.Getenv("VAEKIT_PYTHON"), filepath.Join(b.dir, "peers", "notebook.py")}, nil
	case p.peer != "":
		python := filepath.Join(b.pythons, p.peer, "bin", "python")
		if _, err := exec.LookPath(python); err != nil {
			return nil, fmt.Errorf("%s is not installed; `make bench` installs it", p.peer)
		}
		return []string{python, filepath.Join(b.dir, "peers", p.peer+"_peer.py")}, nil
	}
	self, err := os.Executable()
	return []string{self, "-child"}, err
}

// environment keeps the peers on the CPU and out of the home folder. All compile anew, as the
// peers do; a notebook takes what is kept, as a reader's does.
func (b *bench) environment(p program) []string {
	env := append([]string{"CUDA_VISIBLE_DEVICES=", "TORCHINDUCTOR_CACHE_DIR=" + filepath.Join(b.dir, "inductor")}, p.env...)
	if p.mode != "notebook" {
		env = append(env, "VAEKIT_CACHE=off")
	}
	if p.rank == plugin {
		env = append(env, "PJRT_NAMES_AND_LIBRARY_PATHS=vaebook:"+filepath.Join(os.Getenv("VAEKIT_PJRT"), "pjrt_c_api_cpu_plugin.so"))
	}
	return env
}

func say(format string, values ...any) { fmt.Fprintf(os.Stderr, format+"\n", values...) }

// machine names the processor and how many cores of it were used.
func machine() string {
	name := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, ok := strings.Cut(string(info), "model name"); ok {
			line, _, _ := strings.Cut(after, "\n")
			name = strings.TrimLeft(line, "\t :")
		}
	}
	return fmt.Sprintf("%s, %d cores, %s/%s", name, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
