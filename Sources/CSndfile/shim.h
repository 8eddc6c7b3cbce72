#ifndef SEEHEAR_CSNDFILE_H
#define SEEHEAR_CSNDFILE_H
#include <sndfile.h>
#endif
