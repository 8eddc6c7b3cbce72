import CAV

/// Ends FFmpeg's first look at the packets when it takes too many.
///
/// FFmpeg reads until it knows every stream, up to 5 MB, and keeps what it has read: of packets of one byte that is more
/// than a gigabyte. Used by one thread.
final class Patience {
    private var left = Int.max
    private let context: UnsafeMutablePointer<AVFormatContext>

    /// - Parameter context: must not read any more once this object is gone.
    init(_ context: UnsafeMutablePointer<AVFormatContext>) {
        self.context = context
        context.pointee.interrupt_callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<Patience>.fromOpaque(opaque).takeUnretainedValue().isAtEnd() ? 1 : 0
            }, opaque: Unmanaged.passUnretained(self).toOpaque())
    }

    /// From here on ``Limits/firstPackets`` are read at most.
    func begin() { left = Limits.firstPackets }

    /// From here on any number.
    func end() { left = .max }

    private func isAtEnd() -> Bool {
        if left == .max { return false }
        left -= 1
        return left < 0
    }
}
