internal import Foundation

/// Puts errors of the file system into words, in one place.
package enum FileProblem {
    /// What went wrong, without the path, as the end of a sentence.
    package static func text(_ error: any Error) -> String {
        if let code = (error as? CocoaError)?.code {
            switch code {
            case .fileReadNoSuchFile, .fileNoSuchFile: return "there is no such file"
            case .fileReadNoPermission, .fileWriteNoPermission: return "permission is missing"
            case .fileWriteOutOfSpace: return "the disk is full"
            case .fileWriteVolumeReadOnly: return "the file system is read-only"
            default: break
            }
        }
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
        if let posix = (underlying ?? error) as? POSIXError { return text(errno: posix.code.rawValue) }
        return (error as NSError).localizedDescription
    }

    /// The system's words for an error number.
    package static func text(errno code: Int32) -> String { String(cString: strerror(code)) }
}
