# Everything a reader types. The work is done by the scripts in notebooks/kernel.

.DEFAULT_GOAL := help
.PHONY: help setup lab test test-browser test-long docker-test notebooks data doctor cuda bench reproduce clean lock
K := notebooks/kernel
export NB SAVE FRESH PORT NOTEBOOKS CELL_SECONDS PYTHON PEERS WORKLOADS ROUNDS TURN YES LONG ROWS OUT CUDA JOBS

help:
	@echo 'make lab              set everything up, then open JupyterLab on the notebooks  (PORT=8888, NOTEBOOKS=folder)'
	@echo 'make test             set everything up, then run every check, the notebooks included'
	@echo 'make notebooks        run all notebooks; copies with pictures and sound go to out/'
	@echo 'make notebooks NB=01  run one; FRESH=1 without the saved runs, SAVE=1 also keeps the outputs in notebooks/;'
	@echo '                      JOBS=2 two at once, each on its share of the cores'
	@echo 'make data             fetch the spoken digits (MNIST comes with the set-up)'
	@echo 'make doctor           say what works on this machine: backends, driver, data; and what to fix'
	@echo 'make cuda             install XLA for NVIDIA GPUs (2.2 GB to download, 3.7 GB on the disk)'
	@echo 'make setup            only set up: everything goes into .setup/'
	@echo 'make test-browser     only open and run the notebooks in a browser, on the runs of make test  (NB=01: one)'
	@echo 'make test-long        the checks that take longer than make test allows'
	@echo 'make docker-test      build the Docker image and use it as a reader would (CUDA=1: the one for GPUs too)'
	@echo 'make bench            measure the speed beside JAX, PyTorch and TensorFlow, which it installs (it asks first)'
	@echo 'make reproduce        train and measure models of published figures (LONG=1: all of them; ROWS=flax: some)'
	@echo 'make clean            remove .setup/ and out/; your runs in notebooks/runs/ stay'

setup:
	@sh $K/setup.sh

lab: setup
	@sh $K/lab.sh

test: setup
	@sh $K/checks.sh

test-browser: setup
	@sh $K/checks.sh browser

test-long: setup
	@sh $K/checks.sh long

notebooks: setup
	@sh $K/notebooks.sh

docker-test:
	@python3 -B $K/docker_test.py

data: setup
	@sh $K/data.sh

doctor: setup
	@sh $K/doctor.sh

cuda: setup
	@sh $K/cuda.sh

bench: setup
	@sh vaekit/bench/bench.sh

reproduce: setup
	@sh vaekit/reproduce/reproduce.sh

clean:
	rm -rf .setup out

# For maintainers: pin the Python packages anew, the notebooks' and those of the benchmark's peers.
lock: setup
	@sh $K/lock.sh
