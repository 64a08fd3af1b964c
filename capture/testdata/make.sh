#!/bin/sh
# Makes the fixtures that Go's standard library cannot write, from a drawn picture. Needs Debian's imagemagick, webp and
# libheif-examples. The picture is 96 × 64: left to right red, green, blue and grey stripes of 24 pixels on the upper
# half, a ramp from black to white on the lower.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bars="$work/bars.png"
convert -depth 8 \( -size 24x32 xc:'rgb(200,40,40)' xc:'rgb(40,160,60)' xc:'rgb(50,70,190)' xc:'rgb(128,128,128)' +append \) \
	\( -size 32x96 gradient:white-black -rotate 90 \) -append -define png:color-type=2 "PNG24:$bars"

# JPEG: inverted CMYK with an Adobe marker, progressive with three samplings, restart markers.
convert "$bars" -colorspace CMYK -quality 95 cmyk.jpg
for s in 4:2:0 4:2:2 4:4:4 4:4:0; do
	case $s in 4:2:0) f=2x2;; 4:2:2) f=2x1;; 4:4:4) f=1x1;; 4:4:0) f=1x2;; esac
	convert "$bars" -sampling-factor $f -quality 90 "baseline-$f.jpg"
	convert "$bars" -sampling-factor $f -interlace JPEG -quality 90 "progressive-$f.jpg"
done
convert "$bars" -colorspace Gray -interlace JPEG -quality 90 progressive-grey.jpg
convert "$bars" -define jpeg:optimize-coding=false -quality 90 ppm:- | cjpeg -quality 90 -restart 1 >restart.jpg
convert "$bars" ppm:- | cjpeg -quality 90 -progressive -restart 2B >progressive-restart.jpg

# PNG with 16 bits, with a palette, with alpha, interlaced.
convert "$bars" -depth 16 -define png:bit-depth=16 -define png:color-type=2 depth16.png
convert "$bars" -colors 64 PNG8:palette.png
convert "$bars" -alpha set -channel A -evaluate set 50% +channel -define png:color-type=6 -depth 8 half.png
convert "$bars" -interlace PNG -depth 8 interlaced.png

# WebP: lossy, lossless, with alpha, animated.
cwebp -quiet -q 95 "$bars" -o lossy.webp
cwebp -quiet -lossless "$bars" -o lossless.webp
cwebp -quiet -q 95 half.png -o half.webp
convert "$bars" -negate "$work/other.png"
img2webp -d 100 "$bars" "$work/other.png" -o animated.webp >/dev/null

# HEIC: 4:2:0, 4:4:4 and grey.
heif-enc -q 95 "$bars" -o bars.heic >/dev/null
heif-enc -q 95 -p chroma=444 "$bars" -o bars444.heic >/dev/null
convert "$bars" -colorspace Gray -depth 8 "$work/grey.png"
heif-enc -q 95 "$work/grey.png" -o grey.heic >/dev/null

# HEIC in all orientations, by EXIF only (this heif-enc writes no irot or imir; the tests add them).
orientation() { # FILE ORIENTATION: puts an EXIF block behind the first two bytes of a JPEG
	{
		head -c 2 "$1"
		printf '\377\341\000\042Exif\000\000MM\000\052\000\000\000\010\000\001\001\022\000\003\000\000\000\001\000'
		printf "\\$(printf %03o "$2")"
		printf '\000\000\000\000\000\000'
		tail -c +3 "$1"
	}
}
o=2
for turn in -flop '-rotate 180' -flip -transpose '-rotate 270' -transverse '-rotate 90'; do
	convert "$bars" $turn -quality 98 -sampling-factor 1x1 "$work/turned.jpg"
	orientation "$work/turned.jpg" $o >"$work/oriented.jpg"
	heif-enc -q 95 "$work/oriented.jpg" -o "orientation-$o.heic" >/dev/null
	o=$((o + 1))
done
