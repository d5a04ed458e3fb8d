package struct BeginImageCall: Equatable {
    package var request: ImageRequest
    package var deadline: MonotonicTime?

    package init(request: ImageRequest, deadline: MonotonicTime?) {
        self.request = request
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(request.prompt)
        writer.write(request.negative)
        writer.write(UInt32(request.width))
        writer.write(UInt32(request.height))
        writer.write(UInt32(request.steps))
        writer.write(request.seed)
        writer.write(optional: request.guidance?.bitPattern) { $0.write($1) }
        writer.write(request.extraJSON)
        writer.write(optional: request.initial) { writer, initial in
            writer.write(initial.strength.bitPattern)
            writer.write(initial.picture.rgb)
        }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        var request = ImageRequest(prompt: try reader.readString())
        request.negative = try reader.readString()
        request.width = Int(try reader.read(UInt32.self))
        request.height = Int(try reader.read(UInt32.self))
        request.steps = Int(try reader.read(UInt32.self))
        request.seed = try reader.read()
        request.guidance = try reader.readOptional { Float(bitPattern: try $0.read()) }
        request.extraJSON = try reader.readString()
        let (width, height) = (request.width, request.height)
        request.initial = try reader.readOptional { reader in
            let strength = Float(bitPattern: try reader.read())
            let rgb = try reader.readBytes()
            // Sides that no picture has could overflow the product.
            guard max(width, height) <= ImageCapabilities.longestSide,
                rgb.count == width * height * ABI.imageChannels
            else {
                throw WireError.value("\(rgb.count) bytes of a picture of \(width)x\(height)")
            }
            let picture = Picture(width: width, height: height, rgb: rgb)
            return ImageRequest.Initial(picture: picture, strength: strength)
        }
        try reader.finish()
        self.request = request
    }
}

/// A call for a picture that is under way.
package struct ImageCall: Equatable {
    package var id: ImageID
    package var deadline: MonotonicTime?

    package init(id: ImageID, deadline: MonotonicTime?) {
        self.id = id
        self.deadline = deadline
    }

    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(deadline)
        writer.write(id.rawValue)
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        deadline = try reader.readDeadline()
        id = ImageID(rawValue: try reader.read())
        try reader.finish()
    }
}

extension ImageProgress {
    package var payload: [UInt8] {
        var writer = WireWriter()
        writer.write(done)
        writer.write(UInt32(clamping: step))
        writer.write(UInt32(clamping: of ?? 0))
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        let done = try reader.readBool()
        let step = Int(try reader.read(UInt32.self))
        let of = Int(try reader.read(UInt32.self))
        self.init(done: done, step: step, of: of == 0 ? nil : of)
        try reader.finish()
        try check()
    }
}

extension PicturePlace {
    package var payload: [UInt8] {
        var writer = WireWriter()
        for number in [width, height, stride] { writer.write(UInt32(clamping: number)) }
        return writer.bytes
    }

    package init(_ payload: [UInt8]) throws {
        var reader = WireReader(payload)
        self.init(
            width: Int(try reader.read(UInt32.self)), height: Int(try reader.read(UInt32.self)),
            stride: Int(try reader.read(UInt32.self)))
        try reader.finish()
    }
}

// MARK: - Capabilities

extension WireWriter {
    mutating func write(_ capabilities: ImageCapabilities) {
        write(UInt32(capabilities.width))
        write(UInt32(capabilities.height))
        write(UInt32(capabilities.steps))
        write(optional: capabilities.guidance?.bitPattern) { $0.write($1) }
        write(UInt32(capabilities.multipleOf))
        write(strings: capabilities.schedulers)
        write(optional: capabilities.scheduler) { $0.write($1) }
        write(UInt32(capabilities.maxTokens ?? 0))
        write(capabilities.previews)
    }
}

extension WireReader {
    mutating func readImageCapabilities() throws -> ImageCapabilities {
        var capabilities = ImageCapabilities()
        capabilities.width = Int(try read(UInt32.self))
        capabilities.height = Int(try read(UInt32.self))
        capabilities.steps = Int(try read(UInt32.self))
        capabilities.guidance = try readOptional { Float(bitPattern: try $0.read()) }
        capabilities.multipleOf = Int(try read(UInt32.self))
        capabilities.schedulers = try readStrings()
        capabilities.scheduler = try readOptional { try $0.readString() }
        let tokens = Int(try read(UInt32.self))
        capabilities.maxTokens = tokens == 0 ? nil : tokens
        capabilities.previews = try readBool()
        return capabilities
    }
}
