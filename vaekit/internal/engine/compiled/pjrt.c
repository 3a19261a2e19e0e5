//go:build cgo && linux

#include "pjrt.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef void *function(void *args); // returns an error or NULL

// A plugin's table of functions.
struct table {
	size_t size;
	void *extensions;
	struct {
		size_t size;
		void *extensions;
		int major, minor;
	} version;
	function *functions[];
};

// Where the functions stand, which no version changes.
enum {
	error_destroy = 0,
	client_addressable_devices = 16,
	client_compile = 20,
	executable_destroy = 40,
	executable_serialize = 49,
	loaded_executable_get_executable = 51,
	executable_deserialize_and_load = 56,
};

extern void *compiledCompile(struct compile_args *args);

static struct table *plugin;

static void *compile_or_load(void *args) { return compiledCompile(args); }

void *compiled_wrap(const char *path) {
	void *library = dlopen(path, RTLD_LAZY);
	struct table *(*get)(void) = library ? dlsym(library, "GetPjrtApi") : NULL;
	struct table *theirs = get ? get() : NULL;
	if (!theirs || theirs->version.major != 0 ||
	    theirs->size < offsetof(struct table, functions[executable_deserialize_and_load + 1]))
		return NULL;
	struct table *ours = malloc(theirs->size);
	if (ours) {
		memcpy(ours, theirs, theirs->size);
		ours->functions[client_compile] = compile_or_load;
		plugin = theirs;
	}
	return ours;
}

void *compiled_compile(struct compile_args *args) { return plugin->functions[client_compile](args); }

static int succeeds(void *error) {
	if (error) {
		struct { size_t size; void *extensions, *error; } args = {sizeof args, NULL, error};
		plugin->functions[error_destroy](&args);
	}
	return !error;
}

size_t compiled_devices(void *client) {
	struct { size_t size; void *extensions, *client, *devices; size_t count; } args = {sizeof args, NULL, client, NULL, 0};
	return succeeds(plugin->functions[client_addressable_devices](&args)) ? args.count : 0;
}

int compiled_load(struct compile_args *args, const char *bytes, size_t size) {
	struct {
		size_t size;
		void *extensions, *client;
		const char *bytes;
		size_t bytes_size;
		void *executable; // out
		const char *options;
		size_t options_size;
	} load = {sizeof load, NULL, args->client, bytes, size, NULL, NULL, 0};
	if (!succeeds(plugin->functions[executable_deserialize_and_load](&load)))
		return 0;
	args->executable = load.executable;
	return 1;
}

int compiled_serialize(void *loaded, struct serialize_args *args) {
	struct { size_t size; void *extensions, *loaded, *executable; } get = {sizeof get, NULL, loaded, NULL};
	if (!succeeds(plugin->functions[loaded_executable_get_executable](&get)))
		return 0;
	*args = (struct serialize_args){.size = sizeof *args, .executable = get.executable};
	int ok = succeeds(plugin->functions[executable_serialize](args));
	struct { size_t size; void *extensions, *executable; } destroy = {sizeof destroy, NULL, get.executable};
	succeeds(plugin->functions[executable_destroy](&destroy));
	return ok;
}

void compiled_free(struct serialize_args *args) { args->destroy(args->owner); }
