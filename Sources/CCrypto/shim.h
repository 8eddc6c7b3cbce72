#ifndef SEEHEAR_CCRYPTO_H
#define SEEHEAR_CCRYPTO_H
#include <openssl/evp.h>
#endif
