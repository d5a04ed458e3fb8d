import PluginABI

/// The size of a structure of this version of the boundary.
func structSize<T>(_ type: T.Type) -> UInt32 {
    UInt32(MemoryLayout<T>.size)
}

/// An immutable value at a permanent address.
struct Static<Value>: @unchecked Sendable {
    let pointer: UnsafePointer<Value>

    init(_ value: Value) {
        let copy = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        copy.initialize(to: value)
        pointer = UnsafePointer(copy)
    }
}

/// Runs the body of a C function: ROOST_OK, or the status of what it throws, with the sentence in
/// the call's error.
func answer(
    _ call: UnsafePointer<roost_call>?, _ body: (Call) throws -> Void
) -> roost_status {
    guard let call, call.pointee.struct_size >= structSize(roost_call.self) else {
        return ErrorCode.argument.rawValue
    }
    do {
        try body(Call(call, host: PluginImage.shared.host))
        return roost_status(ROOST_OK)
    } catch {
        let error = PluginError(error)
        error.write(to: call.pointee.err)
        return error.code.rawValue
    }
}

/// The structure behind a pointer argument.
///
/// - Throws: `argument` when the pointer is null or the caller's structure is shorter than ours.
func checked<T>(
    _ pointer: UnsafePointer<T>?, _ name: StaticString, size: KeyPath<T, UInt32>
) throws -> T {
    guard let pointer else {
        throw PluginError(.argument, "\(name) is null")
    }
    // The size is read first: a shorter structure may end where it says.
    guard let offset = MemoryLayout<T>.offset(of: size) else {
        throw PluginError(.internal, "\(name) has no size")
    }
    let found = UnsafeRawPointer(pointer).load(fromByteOffset: offset, as: UInt32.self)
    guard found >= structSize(T.self) else {
        throw PluginError(
            .argument, "\(name) has struct_size \(found), expected at least \(structSize(T.self))")
    }
    return pointer.pointee
}

/// Fills the caller's structure, except members of a newer version that follow ours.
func fill<T>(
    _ pointer: UnsafeMutablePointer<T>?, _ name: StaticString,
    size: WritableKeyPath<T, UInt32>, with value: T
) throws {
    let callers = try checked(UnsafePointer(pointer), name, size: size)
    pointer?.pointee = value
    pointer?.pointee[keyPath: size] = callers[keyPath: size]
}

extension roost_str {
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.init(
            ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
            len: UInt64(bytes.count))
    }

    /// A copy of `text` at a permanent address.
    init(static text: String) {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(text.utf8.count, 1))
        _ = bytes.initialize(from: text.utf8)
        self.init(UnsafeBufferPointer(rebasing: bytes.prefix(text.utf8.count)))
    }

    /// The text, checked to be UTF-8.
    func string(_ name: StaticString) throws -> String {
        guard len > 0 else { return "" }
        guard let ptr, let count = Int(exactly: len) else {
            throw PluginError(.argument, "\(name) has \(len) bytes at a null pointer")
        }
        let bytes = UnsafeRawBufferPointer(start: ptr, count: count)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PluginError(.argument, "\(name) is not UTF-8")
        }
        return text
    }
}

extension OpaquePointer? {
    /// The box behind a `roost_model` or `roost_context`.
    func box<Box: AnyObject>(_ type: Box.Type, _ name: StaticString) throws -> Box {
        guard let self else {
            throw PluginError(.argument, "\(name) is null")
        }
        return Unmanaged<Box>.fromOpaque(UnsafeRawPointer(self)).takeUnretainedValue()
    }
}

extension OpaquePointer {
    /// A handle that owns `box` until `release`.
    init(owning box: some AnyObject) {
        self.init(Unmanaged.passRetained(box).toOpaque())
    }

    /// Ends the ownership of `init(owning:)`.
    func release<Box: AnyObject>(_ type: Box.Type) {
        Unmanaged<Box>.fromOpaque(UnsafeRawPointer(self)).release()
    }
}
