// The part of PJRT's C API that is used here. Its structures only grow at their ends, and
// each begins with its size, so that a plugin of another version understands or refuses them.
#include <stddef.h>

struct program {
	size_t size;
	void *extensions;
	char *code;
	size_t code_size;
	const char *format;
	size_t format_size;
};

struct compile_args {
	size_t size;
	void *extensions;
	void *client;
	const struct program *program;
	const char *options;
	size_t options_size;
	void *executable; // out
};

struct serialize_args {
	size_t size;
	void *extensions;
	void *executable;
	const char *bytes; // out
	size_t bytes_size;
	void *owner;
	void (*destroy)(void *owner);
};

// compiled_wrap returns the API of the plugin at a path with a compiler that calls
// compiledCompile, and NULL where it cannot.
void *compiled_wrap(const char *path);

// compiled_compile is the plugin's own compiler.
void *compiled_compile(struct compile_args *args);

// compiled_devices is how many devices a client has; it is 0 where that is not known.
size_t compiled_devices(void *client);

// compiled_load makes an executable of bytes in place of compiling; it returns 0 where that fails.
int compiled_load(struct compile_args *args, const char *bytes, size_t size);

// compiled_serialize gives the bytes of a compiled executable, which compiled_free frees; it
// returns 0 where that fails.
int compiled_serialize(void *loaded, struct serialize_args *args);
void compiled_free(struct serialize_args *args);
