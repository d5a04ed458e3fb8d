import CKernels

/// The left side of a matrix product, in the form that its kernel reads.
struct Activations: @unchecked Sendable {
    private let floats: Tensor

    init(floats: Tensor) {
        self.floats = floats
    }

    /// A product whose activations begin at row `token`.
    func product(from token: Int, depth: Int) -> rk_product {
        var product = rk_product()
        product.x = UnsafePointer(floats.data(as: Float.self) + token * depth)
        return product
    }
}
