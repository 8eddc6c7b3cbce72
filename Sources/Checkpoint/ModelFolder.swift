package import Files
import JSON

/// A model as diffusers stores it: a folder with one subfolder for each component.
package struct ModelFolder: Sendable {
    private static let configLimit = 16 << 20

    /// The folder.
    package let path: String
    /// The repository it came from; nil for a plain path.
    package let repository: HubReference?

    /// Uses a folder that was resolved.
    /// - Throws: ``ModelFolderError/notAFolder(path:)``.
    package init(_ location: ModelLocation) throws(ModelFolderError) {
        guard location.isFolder else { throw .notAFolder(path: location.path) }
        path = location.path
        repository = location.repository
    }

    /// The file with a component's weights: safetensors before `.bin`, full precision before half.
    /// - Parameter variant: such as `fp16`, to take that variant and no other.
    /// - Throws: ``ModelFolderError/missing(folder:anyOf:command:)``.
    package func weightPath(_ component: ModelComponent, variant: String? = nil) throws(ModelFolderError) -> String {
        let names = component.weightNames(variant: variant)
        for name in names where PathKind(full(component.path(name))) == .file { return full(component.path(name)) }
        throw missing(component, anyOf: names.filter { !$0.contains("index") })
    }

    /// The weights of a component, opened: headers are read and checked, data is not.
    /// - Throws: ``ModelFolderError`` for a missing file or one that is malformed.
    package func weights(_ component: ModelComponent, variant: String? = nil) throws(ModelFolderError) -> WeightFile {
        let path = try weightPath(component, variant: variant)
        do throws(WeightFileError) {
            return try WeightFile.open(path)
        } catch {
            throw .weights(error)
        }
    }

    /// A component's configuration, decoded.
    /// - Throws: ``ModelFolderError/config(path:field:reason:)``, which names the file and the field.
    package func config<C: Decodable>(_ type: C.Type, of component: ModelComponent) throws(ModelFolderError) -> C {
        guard let name = component.config else {
            throw .config(
                path: full(component.folder), field: "", reason: "belongs to a component that has no configuration")
        }
        let file = try configFile(component, name)
        return try Self.decode(type, from: file)
    }

    /// Decodes a JSON file.
    /// - Throws: ``ModelFolderError`` that names the file and the field.
    package static func config<C: Decodable>(_ type: C.Type, at path: String) throws(ModelFolderError) -> C {
        let file: MappedFile
        do throws(MappedFileError) {
            file = try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
        return try decode(type, from: file)
    }

    /// The files of a component that has no weights, in the order of the first set that is complete.
    /// - Throws: ``ModelFolderError/missing(folder:anyOf:command:)``.
    package func filePaths(_ component: ModelComponent) throws(ModelFolderError) -> [String] {
        for set in component.files {
            let paths = set.map { full(component.path($0)) }
            if paths.allSatisfy({ PathKind($0) == .file }) { return paths }
        }
        if component.files.isEmpty { return [] }
        throw missing(component, anyOf: component.files.map { $0.joined(separator: " with ") })
    }

    /// Looks at everything that the components need, without the libraries that run models: files are there, headers of
    /// weights are whole, configurations are JSON objects. All problems are collected.
    package func check(_ components: [ModelComponent]) -> ModelCheck {
        var check = ModelCheck()
        for component in components {
            do throws(ModelFolderError) {
                check.components.append(try summary(component))
            } catch {
                check.problems.append(error)
            }
        }
        return check
    }

    private func summary(_ component: ModelComponent) throws(ModelFolderError) -> ModelCheck.Component {
        var files = try filePaths(component)
        if let name = component.config {
            let file = try configFile(component, name)
            guard try Self.document(file).members != nil else {
                throw .config(path: file.path, field: "", reason: "is not a JSON object")
            }
            files.append(file.path)
        }
        var weights: WeightFile?
        if component.weights != nil {
            let opened = try self.weights(component)
            files += Set(opened.records.map(\.file.path)).union([opened.path]).sorted()
            weights = opened
        }
        return .init(
            folder: component.folder, files: files, tensorCount: weights?.records.count ?? 0,
            elementCount: weights?.elementCount ?? 0)
    }

    // MARK: Files

    private func full(_ relative: String) -> String { "\(path)/\(relative)" }

    private func missing(_ component: ModelComponent, anyOf names: [String]) -> ModelFolderError {
        .missing(
            folder: component.folder.isEmpty ? path : full(component.folder), anyOf: names,
            command: repository?.downloadCommand(files: component.usualFiles))
    }

    private func configFile(_ component: ModelComponent, _ name: String) throws(ModelFolderError) -> MappedFile {
        do throws(MappedFileError) {
            return try MappedFile(path: full(component.path(name)))
        } catch .missing {
            throw missing(component, anyOf: [name])
        } catch {
            throw .file(error)
        }
    }

    private static func document(_ file: MappedFile) throws(ModelFolderError) -> JSONValue {
        do throws(JSONError) {
            return try file.withBytes { bytes throws(JSONError) in
                guard bytes.count <= configLimit else { return try JSONValue(parsing: bytes, limit: configLimit) }
                return try JSONValue(parsing: PythonConstants.replacedByNull(Array(bytes)), limit: configLimit)
            }
        } catch {
            throw .config(path: file.path, field: "", reason: "is \(error)")
        }
    }

    private static func decode<C: Decodable>(_ type: C.Type, from file: MappedFile) throws(ModelFolderError) -> C {
        do throws(JSONDecodingError) {
            return try file.withBytes { bytes throws(JSONDecodingError) in
                guard bytes.count <= configLimit else {
                    return try JSONCoding.decode(type, from: bytes, limit: configLimit)
                }
                return try JSONCoding.decode(
                    type, from: PythonConstants.replacedByNull(Array(bytes)), limit: configLimit)
            }
        } catch {
            throw .config(path: file.path, field: error.field, reason: error.reason)
        }
    }
}

/// What ``ModelFolder/check(_:)`` found.
package struct ModelCheck: Sendable {
    /// A component that is complete.
    package struct Component: Sendable, Equatable {
        package let folder: String
        /// The files that loading would read.
        package let files: [String]
        package let tensorCount: Int
        package let elementCount: Int
    }

    package fileprivate(set) var components: [Component] = []
    /// Empty where everything is there.
    package fileprivate(set) var problems: [ModelFolderError] = []
}

/// Why a model's folder cannot be used.
package enum ModelFolderError: Error, Equatable, CustomStringConvertible {
    case notAFolder(path: String)
    case missing(folder: String, anyOf: [String], command: String?)
    case file(MappedFileError)
    case config(path: String, field: String, reason: String)
    case weights(WeightFileError)

    package var description: String {
        switch self {
        case .notAFolder(let path): "\(path): this is a file, and the folder of a model is needed."
        case .missing(let folder, let names, let command):
            "\(folder): there is no \(names.joined(separator: " or "))"
                + (command.map { "; fetch it with `\($0)`." } ?? ".")
        case .file(let error): error.description
        case .config(let path, let field, let reason):
            "\(path): \(field.isEmpty ? "the file" : "field \(field)") \(reason)"
                + (reason.hasSuffix(".") ? "" : ".")
        case .weights(let error): error.description
        }
    }
}
