public import PluginKit
public import TensorRuntime

extension Rows {
    /// Copies rows of the runtime into some of the host's.
    ///
    /// - Parameter values: [range, width].
    public func fill(_ range: Range<Int>, with values: Tensor) {
        values.withFloats { values in
            for row in range {
                let start = (row - range.lowerBound) * width
                let source = UnsafeBufferPointer(rebasing: values[start..<start + width])
                _ = self[row].update(fromContentsOf: source)
            }
        }
    }
}
