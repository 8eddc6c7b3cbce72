package import ClipSampling

/// Pictures made smaller for somebody who looks at them whole.
package enum PictureFit {
    /// The picture with its longer side no longer than `side`, in its shape, with Pillow's bicubic.
    package static func longSide(_ image: Image, atMost side: Int) -> Image {
        let longest = max(image.width, image.height)
        guard longest > side else { return image }
        return PillowResize.squashed(
            image, width: max(1, image.width * side / longest), height: max(1, image.height * side / longest))
    }
}
