/// Numbers of the networks; losses and spectrograms stay in fp32.
package enum Precision: String, Codable, Sendable, CaseIterable { case fp32, bf16, fp16 }
