#ifndef SEEHEAR_CTORCH_H
#define SEEHEAR_CTORCH_H
#endif
