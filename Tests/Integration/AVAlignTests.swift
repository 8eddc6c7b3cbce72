import Foundation
import TestSupport
import Testing

extension Integration {
    /// AV-Align of files, beside the libraries that the programs of the field read them with.
    @Suite("AV-Align")
    struct AVAlignTests {
        @Test("frames are OpenCV's, sound is librosa's, and the four scores are what their programs give")
        func libraries() async throws {
            let folder = try TemporaryFolder()
            let program = try #require(Programs.built("av-align-check"))
            let compared = try await Python.run("Tests/Integration/av_align.py", program, folder.url.path, limit: 300)
            #expect(compared.code == 0, "\(compared.text)")
            #expect(compared.lines.count == 3, "\(compared.text)")
        }

        /// A clip that has no AV-Align: how to make it, and what is said of it.
        struct Fault: CustomTestStringConvertible {
            let name: String
            /// Arguments of `ffmpeg`, which end in the file that is to blame.
            let video: String
            let sound: String
            let found: String
            let remedy: String
            /// The file that is named.
            let blamed: String

            var testDescription: String { name }
        }

        private static let picture = "-f lavfi -i testsrc2=s=64x48:r=10:d=2 -pix_fmt yuv420p clip.mp4"
        private static let tone = "-f lavfi -i sine=440:d=2 clip.wav"

        @Test(
            "a clip without AV-Align is told by its file, what is wrong with it and what to do",
            arguments: [
                Fault(
                    name: "one frame", video: "-f lavfi -i testsrc2=s=64x48:r=10:d=0.1 -pix_fmt yuv420p clip.mp4",
                    sound: tone, found: "it has one frame", remedy: "give a video of two frames or more",
                    blamed: "clip.mp4"),
                Fault(
                    name: "no frames", video: "-f lavfi -i sine=440:d=1 clip.mp4", sound: tone,
                    found: "it holds only: audio", remedy: "give a file with a video stream", blamed: "clip.mp4"),
                Fault(
                    name: "a variable rate",
                    video: "-f lavfi -i testsrc2=s=64x48:r=10:d=2 -vf setpts='(N+0.5*mod(N\\,3))/10/TB' "
                        + "-vsync passthrough -pix_fmt yuv420p clip.mp4",
                    sound: tone, found: "no constant rate", remedy: "write it with a constant rate",
                    blamed: "clip.mp4"),
                Fault(
                    name: "a short sound", video: picture, sound: "-f lavfi -i sine=440:d=1 clip.wav",
                    found: "its sound lasts 1.0 s", remedy: "give the sound of the whole video", blamed: "clip.wav"),
                Fault(
                    name: "no sound", video: picture, sound: "-f lavfi -i testsrc2=s=64x48:r=10:d=1 clip.wav.mp4",
                    found: "there is no such file or folder", remedy: "check the path", blamed: "clip.wav"),
                Fault(
                    name: "sound that is no number", video: picture,
                    sound: "-f lavfi -i aevalsrc=0/0:d=2 -c:a pcm_f32le clip.wav",
                    found: "not finite", remedy: "make it again", blamed: "clip.wav"),
            ])
        func faults(_ fault: Fault) async throws {
            let folder = try TemporaryFolder()
            for arguments in [fault.video, fault.sound] { try await Self.make(arguments, in: folder) }
            let told = try await Self.align(in: folder)
            #expect(told.code == 1 && told.data.isEmpty)
            #expect(told.errors.hasPrefix("\(folder.path)/\(fault.blamed)"), "\(told.errors)")
            #expect(told.errors.contains(fault.found) && told.errors.contains(fault.remedy), "\(told.errors)")
        }

        /// Prints the bits of flows between pictures of noise, large and small, odd and even.
        private static let flows = """
            #include "CFarneback.h"
            #include <stdio.h>
            #include <stdlib.h>
            int main(void) {
                const int sizes[][2] = {{1, 9}, {7, 5}, {65, 63}, {64, 64}, {90, 60}, {241, 135}, {310, 258}};
                unsigned noise = 1;
                for (int s = 0; s < 7; ++s) {
                    const int width = sizes[s][0], height = sizes[s][1];
                    struct seehear_farneback *f = seehear_farneback_make(width, height);
                    float *expanded[2];
                    for (int i = 0; i < 2; ++i) {
                        unsigned char *grey = malloc(width * height);
                        for (int j = 0; j < width * height; ++j) grey[j] = (noise = noise * 1664525 + 1013904223) >> 24;
                        expanded[i] = malloc(seehear_farneback_expansion_size(f) * sizeof(float));
                        seehear_farneback_expand(f, grey, expanded[i]);
                    }
                    const struct seehear_flow flow = seehear_farneback_flow(f, expanded[0], expanded[1]);
                    for (int j = 0; j < width * height; ++j) printf("%a %a\\n", flow.right[j], flow.down[j]);
                    printf("%a\\n", seehear_farneback_mean_length(f));
                }
            }
            """

        @Test("the optical flow has the same bits with and without a processor's vectors")
        func processors() async throws {
            let folder = try TemporaryFolder()
            let source = Fixtures.checkout.appending(path: "Sources/CFarneback").path
            let main = try folder.write(Self.flows, to: "flows.c")
            var printed: [String] = []
            for (name, options) in [("best", []), ("plain", ["-DSEEHEAR_ONE_PROCESSOR", "-fno-vectorize"])] {
                let program = "\(folder.path)/\(name)"
                let built = try await Programs.run(
                    "clang",
                    ["-O2", "-ffp-contract=off", "-fno-math-errno", "-I\(source)/include", "\(source)/Farneback.c"]
                        + options + [main, "-lm", "-o", program])
                try #require(built.code == 0, "\(built.text)")
                printed.append(try await Programs.run(program, []).output)
            }
            #expect(printed[0].count > 1_000_000)
            #expect(printed[0] == printed[1])
        }

        /// Stands in front of libswresample and knows no libsoxr, as an FFmpeg that was built without it.
        private static let withoutSoxr = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <stdint.h>
            int av_opt_get_int(void *, const char *, int, int64_t *);
            int swr_init(void *context) {
                int64_t engine = 0;
                av_opt_get_int(context, "resampler", 0, &engine);
                if (engine == 1) return -EINVAL;
                return ((int (*)(void *))dlsym(RTLD_NEXT, "swr_init"))(context);
            }
            """

        @Test("an FFmpeg without libsoxr is an error and not another resampler, unless nothing is resampled")
        func lacksSoxr() async throws {
            let folder = try TemporaryFolder()
            let source = try folder.write(Self.withoutSoxr, to: "without.c")
            let library = "\(folder.path)/without.so"
            let built = try await Programs.run(
                "clang", ["-shared", "-fPIC", source, "-lavutil", "-ldl", "-o", library])
            try #require(built.code == 0, "\(built.text)")
            try await Self.make("-f lavfi -i sine=440:r=44100:d=1 other.wav", in: folder)
            try await Self.make("-f lavfi -i sine=440:r=22050:d=1 same.wav", in: folder)
            let told = try await Programs.run(
                "av-align-check", ["sound", "\(folder.path)/other.wav"], environment: ["LD_PRELOAD": library])
            #expect(told.code == 1 && told.data.isEmpty)
            #expect(told.errors.contains("other.wav") && told.errors.contains("without libsoxr"), "\(told.errors)")
            let same = try await Programs.run(
                "av-align-check", ["sound", "\(folder.path)/same.wav"], environment: ["LD_PRELOAD": library])
            #expect(same.code == 0 && same.data.count == 22050 * 4, "\(same.errors)")
        }

        @Test("a sound that ends less than a quarter of a second before its video is no fault")
        func nearlyWhole() async throws {
            let folder = try TemporaryFolder()
            try await Self.make(Self.picture, in: folder)
            try await Self.make("-f lavfi -i sine=440:d=1.8 clip.wav", in: folder)
            let told = try await Self.align(in: folder)
            #expect(told.code == 0, "\(told.errors)")
        }

        /// Has `ffmpeg` make a file, the last of the arguments.
        private static func make(_ arguments: String, in folder: TemporaryFolder) async throws {
            let words = arguments.split(separator: " ").map(String.init)
            let made = try await Programs.run(
                "ffmpeg", ["-y", "-nostdin", "-v", "error"] + words.dropLast() + ["\(folder.path)/\(words.last ?? "")"])
            try #require(made.code == 0, "\(made.text)")
        }

        private static func align(in folder: TemporaryFolder) async throws -> Programs.Outcome {
            try await Programs.run(
                "av-align-check", ["clip", "\(folder.path)/clip.mp4", "\(folder.path)/clip.wav"])
        }
    }
}
