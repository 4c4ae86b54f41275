/* Where sequences of calls on files are run: a folder, and what is in it at first. */
#ifndef TESTS_MODULES_SCRATCH_H
#define TESTS_MODULES_SCRATCH_H

/* Goes to a folder deep below the working folder, and makes it: paths of a sequence go up at times.
 * 0, or -1 and errno. */
int scratch_enter(void);

/* Makes some files, folders and links in the working folder. */
void scratch_populate(void);

#endif
