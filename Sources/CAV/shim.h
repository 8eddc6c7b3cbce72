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
#include <string.h>

// Only what Swift cannot import: macros with casts, and the variadic log callback.

static inline int64_t seehear_nopts(void) { return AV_NOPTS_VALUE; }
static inline int seehear_eof(void) { return AVERROR_EOF; }
static inline int seehear_invalid_data(void) { return AVERROR_INVALIDDATA; }
static inline int seehear_error(int code) { return AVERROR(code); }
static inline int seehear_not_implemented(void) { return AVERROR_PATCHWELCOME; }

/// One message of FFmpeg: an error where `error` is not 0; where `lacks` is not 0, something that it cannot do with
/// this file. The Swift side defines it.
void seehear_av_message(const char *line, int error, int lacks);

// What a missing feature or a track in another file leads to (black areas, no frames) is no error to FFmpeg. Looked for
// here: a damaged file gives millions of messages.
static inline int seehear_lacks(const char *line, int level) {
    if (strstr(line, "not implemented") || strstr(line, "external track")) return 1;
    return level <= AV_LOG_ERROR && (strstr(line, "not supported") || strstr(line, "nsupported"));
}

static inline void seehear_av_log(void *source, int level, const char *format, va_list arguments) {
    if (level > AV_LOG_WARNING) return;
    char line[400];
    int prefix = 0;
    av_log_format_line2(source, level, format, arguments, line, (int)sizeof line, &prefix);
    int error = level <= AV_LOG_ERROR, lacks = seehear_lacks(line, level);
    if (error || lacks) seehear_av_message(line, error, lacks);
}

/// Sends FFmpeg's messages to seehear_av_message instead of standard error, for the whole process.
static inline void seehear_capture_log(void) { av_log_set_callback(seehear_av_log); }
#endif
