/// A configuration that names something this program does not compute, or numbers that do not fit each other.
package struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The network's class, such as `UNet2DConditionModel`.
    package let model: String
    package let field: String
    package let found: String
    package let expected: String

    package init(_ model: String, _ field: String, found: String, expected: String) {
        self.model = model
        self.field = field
        self.found = found
        self.expected = expected
    }

    package var description: String {
        "the configuration of \(model): '\(field)' is \(found), and \(expected) is needed."
    }
}

/// A number, or a list with one number for each level: the two ways in which diffusers writes several of its fields.
package enum PerLevel: Decodable, Sendable, Equatable {
    case same(Int)
    case each([Int])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int.self) {
            self = .same(value)
        } else {
            self = .each(try container.decode([Int].self))
        }
    }

    /// The number of a level.
    ///
    /// - Throws: ``ConfigurationError`` where the list is of another length than the network has levels.
    func values(_ levels: Int, _ model: String, _ field: String) throws(ConfigurationError) -> [Int] {
        switch self {
        case .same(let value): return Array(repeating: value, count: levels)
        case .each(let list):
            guard list.count == levels else {
                throw ConfigurationError(model, field, found: "\(list)", expected: "one number or \(levels) of them")
            }
            return list
        }
    }
}
