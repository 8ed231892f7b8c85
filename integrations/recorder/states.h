/* What distcc says of a compile while it runs, in a file for its monitors (distcc src/state.c). */

struct states {
	int file; /* open, so that it can be read when distcc has removed it; -1 is none */
	int notify; /* readable when it was written; -1 where that is unknown */
	uint32_t phase; /* as seen last */
	char host[128];
	int slot;
	bool any;
};

/* open the file of the distcc with this process id, before that writes it */
void states_open(struct states *states, pid_t pid);
/* look what is in it now, and put what is new into the journal's line */
void states_read(struct states *states);
/* read it once more, and leave nothing behind */
void states_end(struct states *states, pid_t pid);
