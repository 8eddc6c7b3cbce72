/// An exact rational number, for times and rates: 30000/1001 frames per second, pts 512 of time base 1/12288.
///
/// Always reduced, with a positive denominator. The values that are built in this module stay far below the limits of
/// 128 bits: times below 2^31 s, denominators below 2^93. Comparing and scaling never overflow within these bounds.
package struct Fraction: Hashable, Sendable, CustomStringConvertible {
    /// Carries the sign.
    package let numerator: Int128
    /// Positive.
    package let denominator: Int128

    /// numerator / denominator, reduced. The denominator must not be 0.
    package init(_ numerator: Int128, _ denominator: Int128 = 1) {
        precondition(denominator != 0, "a fraction needs a denominator")
        var (a, b) = (numerator.magnitude, denominator.magnitude)
        while b != 0 { (a, b) = (b, a % b) }
        let divisor = Int128(a) * (denominator < 0 ? -1 : 1)
        self.numerator = numerator / divisor
        self.denominator = denominator / divisor
    }

    /// The exact value of a binary floating-point number; nil when it is not finite, 2^31 or more, or (other than 0)
    /// needs a denominator above 2^72.
    package init?(exactly value: Double) {
        guard value.isFinite, value.magnitude < 0x1p31 else { return nil }
        if value == 0 {
            self.init(0)
            return
        }
        let shift = 52 - Int(value.exponent)
        let mantissa = Int128(value.significand * 0x1p52) * (value < 0 ? -1 : 1)
        let zeros = mantissa.trailingZeroBitCount
        let power = shift - zeros
        guard power <= 72 else { return nil }
        self =
            power <= 0
            ? Fraction((mantissa >> Int128(zeros)) << Int128(-power))
            : Fraction(mantissa >> Int128(zeros), Int128(1) << Int128(power))
    }

    /// The decimal number that a person wrote: 0.3 becomes 3/10 and not the binary number nearest to it, so that a cut
    /// at 0.3 s meets the frame at 3/10 s. Nil when it is not finite, or 2^31 or more.
    package init?(asWritten value: Double) {
        guard value.isFinite, value.magnitude < 0x1p31 else { return nil }
        let parts = "\(value.magnitude)".split(separator: "e")
        let digits = parts[0].split(separator: ".")
        let whole = digits[0]
        let decimals = digits.count > 1 ? digits[1] : ""
        guard var number = Int128(whole + decimals) else { return nil }
        var power = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - decimals.count
        while power > 0 {
            number *= 10
            power -= 1
        }
        // Below 10^-18 s nothing is meant.
        guard power >= -18 - decimals.count else {
            self.init(0)
            return
        }
        var scale: Int128 = 1
        while power < 0 {
            scale *= 10
            power += 1
        }
        self.init(value < 0 ? -number : number, scale)
    }

    /// The nearest double (two roundings at most when numerator or denominator need more than 64 bits).
    package var double: Double {
        let negative = numerator < 0
        var quotient = numerator.magnitude
        var remainder: UInt128
        let divisor = denominator.magnitude
        (quotient, remainder) = quotient.quotientAndRemainder(dividingBy: divisor)
        // Correct rounding: collect 64 significant bits, then one sticky bit, and let one conversion round.
        var exponent = 0
        while quotient < (UInt128(1) << 64), remainder != 0 || quotient == 0 {
            if numerator == 0 { return 0 }
            if exponent < -1100 { break }
            remainder <<= 1
            quotient <<= 1
            if remainder >= divisor {
                remainder -= divisor
                quotient |= 1
            }
            exponent -= 1
        }
        if remainder != 0 { quotient |= 1 }
        let result = Double(sign: .plus, exponent: exponent, significand: Double(quotient))
        return negative ? -result : result
    }

    /// The largest integer that is not above the value.
    package var floor: Int128 {
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// ⌊value · factor⌋ without forming the product; `factor` is below 2^31.
    package func floor(times factor: Int) -> Int {
        let whole = floor
        let rest = numerator - whole * denominator
        return Int(whole * Int128(factor) + rest * Int128(factor) / denominator)
    }

    /// ⌈value · factor⌉ without forming the product; `factor` is below 2^31.
    package func ceil(times factor: Int) -> Int { -Fraction(-numerator, denominator).floor(times: factor) }

    package var description: String {
        denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
    }
}

extension Fraction: Comparable {
    package static func < (left: Fraction, right: Fraction) -> Bool {
        // Whole parts first: the cross products of the rests fit where those of the numerators would not.
        let (a, b) = (left.floor, right.floor)
        guard a == b else { return a < b }
        return (left.numerator - a * left.denominator) * right.denominator
            < (right.numerator - b * right.denominator) * left.denominator
    }
}

extension Fraction: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self.init(Int128(value)) }
}

extension Fraction {
    package static func + (left: Fraction, right: Fraction) -> Fraction {
        if left.denominator == right.denominator {
            return Fraction(left.numerator + right.numerator, left.denominator)
        }
        return Fraction(
            left.numerator * right.denominator + right.numerator * left.denominator,
            left.denominator * right.denominator)
    }

    package static prefix func - (value: Fraction) -> Fraction { Fraction(-value.numerator, value.denominator) }

    package static func - (left: Fraction, right: Fraction) -> Fraction { left + -right }

    package static func * (left: Fraction, right: Fraction) -> Fraction {
        // Reduced crosswise first, so that the products stay small.
        let a = Fraction(left.numerator, right.denominator)
        let b = Fraction(right.numerator, left.denominator)
        return Fraction(a.numerator * b.numerator, a.denominator * b.denominator)
    }

    /// The quotient; `right` must not be 0.
    package static func / (left: Fraction, right: Fraction) -> Fraction {
        left * Fraction(right.denominator, right.numerator)
    }
}
