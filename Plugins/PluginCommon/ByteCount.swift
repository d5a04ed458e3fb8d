extension UInt64 {
    /// More than any machine has, and small enough that sums of such counts do not overflow.
    private static let mostBytes: UInt64 = 1 << 60

    /// The product of sizes that a file states, which may be anything: what is too large for every
    /// machine is a count that no budget allows.
    public static func bytes(_ sizes: Int...) -> UInt64 {
        sizes.reduce(1) { product, size in
            let (bytes, overflows) = product.multipliedReportingOverflow(by: UInt64(size))
            return overflows ? mostBytes : Swift.min(bytes, mostBytes)
        }
    }
}
