#ifndef SEEHEAR_CAV_H
#define SEEHEAR_CAV_H
#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/channel_layout.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

// Only what Swift cannot import: macros with casts, and the variadic log callback.

static inline int64_t seehear_nopts(void) { return AV_NOPTS_VALUE; }
static inline int seehear_eof(void) { return AVERROR_EOF; }
static inline int seehear_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int seehear_error(int code) { return AVERROR(code); }
static inline int seehear_not_implemented(void) { return AVERROR_PATCHWELCOME; }

/// One message of FFmpeg, an error or, where `warning` is not 0, a warning; the Swift side defines it.
void seehear_av_message(const char *line, int warning);

static inline void seehear_av_log(void *source, int level, const char *format, va_list arguments) {
    if (level > AV_LOG_WARNING) return;
    char line[400];
    int prefix = 0;
    av_log_format_line2(source, level, format, arguments, line, (int)sizeof line, &prefix);
    seehear_av_message(line, level > AV_LOG_ERROR);
}

/// Sends FFmpeg's messages to seehear_av_message instead of standard error, for the whole process.
static inline void seehear_capture_log(void) { av_log_set_callback(seehear_av_log); }
#endif
