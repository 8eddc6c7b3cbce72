import Scoring
import Testing

@Suite struct FiveFiguresTests {
    @Test(
        "numbers are shown with five figures, however large or small",
        arguments: [
            (0, "0.0000"), (2.42514, "2.4251"), (-0.05, "−0.0500"), (12.34567, "12.346"), (326.2, "326.20"),
            (12345.67, "12345.7"), (9.99999, "10.0000"), (-1.25e-6, "−1.2500e-06"), (1e200, "1.0000e+200"),
            (.infinity, "inf"),
        ] as [(Double, String)])
    func figures(number: Double, text: String) {
        #expect(number.fiveFigures == text)
    }
}
