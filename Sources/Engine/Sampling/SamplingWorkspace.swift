/// Buffers of one sampling thread, kept from row to row.
package final class SamplingWorkspace {
    private var storage = UnsafeMutableBufferPointer<Float>.allocate(capacity: 0)
    var maxima = RowMaxima()
    let candidates = Candidates()

    package init() {}

    deinit {
        storage.deallocate()
    }

    /// A copy of a row that may be changed, valid until the next one.
    func copy(_ row: UnsafeBufferPointer<Float>) -> UnsafeMutableBufferPointer<Float> {
        if storage.count < row.count {
            storage.deallocate()
            storage = .allocate(capacity: row.count)
        }
        _ = storage.update(fromContentsOf: row)
        return UnsafeMutableBufferPointer(rebasing: storage[..<row.count])
    }
}
