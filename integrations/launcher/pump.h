/* take pump mode away from the hosts in DISTCC_HOSTS=..., in place, where this command line is not
   for it: distcc asks no include server then, nor says that it has none */
void pump_adjust(char *entry, char *const *words);
