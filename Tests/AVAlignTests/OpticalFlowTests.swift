import ClipSampling
import AVAlign
import Testing

@Suite("Optical flow") struct OpticalFlowTests {
    @Test("flows are OpenCV's, in every pixel and in their mean", arguments: AVAlignGoldens.all.flows)
    func goldens(_ golden: AVAlignGoldens.Flow) throws {
        let (height, width) = (golden.height, golden.width)
        let pictures = try [golden.from, golden.from + 1].map {
            try #require(Scene.picture(golden.kind, 5, $0, height, width))
        }
        let flow = try OpticalFlow(width: width, height: height)
        let (first, second) = (try flow.expand(pictures[0]), try flow.expand(pictures[1]))
        let found = flow.flow(from: first, to: second)
        for (values, place) in [(found.right, golden.right), (found.down, golden.down)] {
            var kept: [Float] = []
            for y in stride(from: 0, to: height, by: golden.every) {
                for x in stride(from: 0, to: width, by: golden.every) { kept.append(values[y * width + x]) }
            }
            let expected = AVAlignGoldens.values(place)
            #expect(kept.count == expected.count)
            let worst = zip(kept, expected).map { abs($0 - $1) }.max() ?? 0
            #expect(worst < 1e-6)
        }
        #expect(abs(flow.meanLength(from: first, to: second) - golden.mean) < 1e-7)
    }

    @Test("a trajectory is the mean flow of each pair, the first pair's twice, whatever the number of threads")
    func trajectory() throws {
        let pictures = try (0..<7).map { try #require(Scene.picture("film", 9, $0, 60, 90)) }
        let flow = try OpticalFlow(width: 90, height: 60)
        let expanded = try pictures.map(flow.expand)
        let lengths = zip(expanded, expanded.dropFirst()).map(flow.meanLength)
        for threads in [1, 2, 3, 7, 16] {
            let trajectory = try FlowTrajectory(width: 90, height: 60, threads: threads)
            for picture in pictures { try trajectory.append(picture) }
            #expect(try trajectory.finish() == lengths.prefix(1) + lengths)
        }
    }

    @Test("fewer than two frames have no trajectory", arguments: [0, 1])
    func short(_ count: Int) throws {
        let trajectory = try FlowTrajectory(width: 8, height: 8)
        for number in 0..<count { try trajectory.append(try #require(Scene.picture("film", 1, number, 8, 8))) }
        #expect(try trajectory.finish().isEmpty)
    }

    @Test(
        "small pictures have a flow, and of one row or column it is 0",
        arguments: [(1, 1), (1, 9), (9, 1), (2, 2), (7, 5)])
    func small(_ width: Int, _ height: Int) throws {
        let flow = try OpticalFlow(width: width, height: height)
        let pictures = try [0, 1].map { try flow.expand(try #require(Scene.picture("drift", 3, $0, height, width))) }
        let length = flow.meanLength(from: pictures[0], to: pictures[1])
        #expect(length.isFinite && length >= 0)
        if min(width, height) == 1 { #expect(length < 1e-9) }
    }

    @Test(
        "sizes without a flow are named",
        arguments: [(0, 4), (4, 0), (-1, 4), (65_537, 4), (16_384, 16_384), (Int.max, Int.max)])
    func sizes(_ width: Int, _ height: Int) {
        #expect(throws: OpticalFlowError.size(width: width, height: height)) {
            _ = try OpticalFlow(width: width, height: height)
        }
    }

    @Test("a frame of another size is named")
    func unlike() throws {
        let trajectory = try FlowTrajectory(width: 8, height: 8)
        let other = try #require(Scene.picture("film", 1, 0, 8, 9))
        #expect { try trajectory.append(other) } throws: { error in
            "\(error)".contains("a picture of 9×8 after one of 8×8")
        }
    }

    @Test("grey is OpenCV's whole number")
    func grey() throws {
        let colours: [[UInt8]] = [
            [0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [12, 200, 99], [1, 1, 1],
            [254, 255, 253],
        ]
        let image = try #require(Image(width: colours.count, height: 1, pixels: colours.flatMap { $0 }))
        // cv2.cvtColor(…, cv2.COLOR_RGB2GRAY)
        #expect(GreyImage(image).pixels == [0, 255, 76, 150, 29, 132, 1, 254])
    }
}
