#!/usr/bin/env bash
# Makes the demo's clips, images and sounds with ffmpeg: make-inputs.sh FOLDER
#
# Twelve clips that differ in what moves, in colour, codec, container, size, rate and orientation, four images, and
# four sounds that differ in codec, rate and channels. A file that is there already is left alone.
set -euo pipefail
folder=${1:?usage: make-inputs.sh FOLDER}
mkdir -p "$folder"
cd "$folder"

# make NAME ARGUMENTS… : runs ffmpeg into a temporary name, then moves it into place.
make() {
    local name=$1
    shift
    [ -e "$name" ] && return
    ffmpeg -nostdin -v error -y "$@" ".partial-$name"
    mv ".partial-$name" "$name"
}
lavfi() { printf -- '-f lavfi -i %s' "$1"; }
h264=(-c:v libx264 -preset veryfast -pix_fmt yuv420p)

# A ball that falls and bounces, with a tone at each bounce.
make bounce.mp4 $(lavfi color=c=navy:s=320x240:r=25:d=2) $(lavfi color=c=orange:s=40x40:r=25:d=2) \
    $(lavfi sine=f=220:r=44100:d=2) \
    -filter_complex "[0][1]overlay=x='140+60*sin(2*t)':y='190-180*abs(cos(4*t))':shortest=1[v];[2]volume='between(mod(t+0.4,0.785),0,0.08)':eval=frame[a]" \
    -map '[v]' -map '[a]' "${h264[@]}" -c:a aac
# A red square from left to right, without a sound track.
make slide.mp4 $(lavfi color=c=white:s=256x256:r=30:d=2) $(lavfi color=c=red:s=64x64:r=30:d=2) \
    -filter_complex "overlay=x='96*t':y=96:shortest=1" "${h264[@]}"
# A test card with a counter, 4 s, of which the manifest takes 2 s from the middle.
make card.mp4 $(lavfi testsrc2=s=320x180:r=24:d=4) $(lavfi sine=f=440:d=4) "${h264[@]}" -c:a aac -shortest
# Cells that live and die, portrait.
make life.mp4 $(lavfi life=s=90x160:r=15:mold=10:ratio=0.2:death_color=purple:life_color=lime:seed=7,scale=180:320:flags=neighbor) \
    -t 2 "${h264[@]}"
# A dive into the Mandelbrot set; VP9 in WebM with Opus.
make dive.webm $(lavfi mandelbrot=s=160x120:r=20:end_scale=0.002) $(lavfi anoisesrc=c=pink:a=0.2:d=2) -t 2 \
    -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 400k -c:a libopus
# Gradients that turn; variable frame rate: every frame has a length of its own.
make drift.mkv $(lavfi gradients=s=320x240:r=30:d=2:seed=3:speed=0.03) -vf "select='not(mod(n\,3))+lt(mod(n\,7)\,2)'" \
    -fps_mode vfr "${h264[@]}"
# Rings that run outwards, in a file that says it is to be shown turned by 90 degrees.
make .rings-upright.mp4 $(lavfi color=c=black:s=240x180:r=12:d=2) \
    -vf "format=gray,geq=lum='128+127*sin(hypot(X-W/2\,Y-H/2)/6-9*T)'" "${h264[@]}"
make rings.mp4 -i .rings-upright.mp4 -c copy -metadata:s:v:0 rotate=90
# Snow on a dead channel, MPEG-4 in AVI with PCM.
make snow.avi $(lavfi color=c=gray:s=160x120:r=25:d=2) $(lavfi anoisesrc=c=white:a=0.3:d=2) \
    -vf noise=alls=100:allf=t+u -c:v mpeg4 -q:v 5 -c:a pcm_s16le -shortest
# A flash twice a second, an odd size.
make flash.mkv $(lavfi color=c=black:s=162x122:r=25:d=2) \
    -vf "format=yuv444p,crop=161:121:0:0:exact=1,drawbox=c=yellow:t=fill:enable='lt(mod(t,0.5),0.1)'" \
    -c:v libx264 -preset veryfast -pix_fmt yuv444p
# A rule of cells, drawn line by line; MPEG-2 in a transport stream.
make rule.ts $(lavfi cellauto=s=320x240:r=25:rule=110:random_seed=5) -t 2 -c:v mpeg2video -q:v 4
# A pendulum, 60 frames a second.
make pendulum.mp4 $(lavfi color=c=0x203020:s=320x240:r=60:d=2) $(lavfi color=c=white:s=24x24:r=60:d=2) \
    -filter_complex "overlay=x='148+110*sin(3.14*t)':y='60+100*cos(sin(3.14*t))':shortest=1" "${h264[@]}"
# A slow fade from one picture to another, 5 frames a second, H.264 in MOV.
make fade.mov $(lavfi smptehdbars=s=320x240:r=5:d=2) $(lavfi rgbtestsrc=s=320x240:r=5:d=2) \
    -filter_complex "[0][1]blend=all_expr='A*(1-T/2)+B*T/2'" "${h264[@]}"

make bars.png $(lavfi smptebars=s=320x240) -frames:v 1
make fractal.jpg $(lavfi mandelbrot=s=400x300:start_scale=0.5) -frames:v 1 -q:v 3
make triangle.png $(lavfi sierpinski=s=256x256:type=triangle) -frames:v 1
make tall.jpg $(lavfi gradients=s=200x400:c0=teal:c1=coral:c2=gold:n=3:seed=11) -frames:v 1 -q:v 2

# A bell that is struck twice a second, in stereo.
make bell.wav $(lavfi "aevalsrc='0.6*sin(2*PI*880*t)*exp(-6*mod(t\,0.5))|0.6*sin(2*PI*1320*t)*exp(-6*mod(t\,0.5)):s=44100:d=3'") \
    -c:a pcm_s16le
# A siren that goes up and down, FLAC at 48 kHz.
make siren.flac $(lavfi "aevalsrc='0.5*sin(2*PI*(600*t-150/PI*cos(2*PI*t)))':s=48000:d=4")
# Surf, Opus in Ogg.
make surf.ogg $(lavfi anoisesrc=c=brown:a=0.8:r=48000:d=2) -af 'tremolo=f=0.5:d=0.9' -c:a libopus
# Half a second of a click, to be followed by silence.
make click.mp3 $(lavfi "aevalsrc='0.8*sin(2*PI*2000*t)*exp(-80*t)':s=22050:d=0.5") -c:a libmp3lame
