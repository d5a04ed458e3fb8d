import PluginABI
import PluginTesting
import TestFixtures

extension PluginLibrary {
    static let stableDiffusion = PluginLibrary("libStableDiffusion.so")
}

/// Bytes of an image and its size.
struct Pixels: Equatable {
    let width: Int
    let height: Int
    let rgb: [UInt8]
}

extension TestModel {
    convenience init(_ path: String, _ settings: String = "", budget: UInt64 = 0) throws {
        try self.init(
            .stableDiffusion, path, settings: settings, budget: budget, hasContext: true)
    }

    /// The folder stays until the model is open.
    convenience init(_ folder: TestFolder, _ settings: String = "") throws {
        defer { withExtendedLifetime(folder) {} }
        try self.init(folder.path, settings)
    }

    private var images: roost_ext_image {
        get throws { try table(ROOST_EXT_IMAGE) }
    }

    /// A job that is ended with the value.
    final class Job {
        private let model: TestModel
        private let table: roost_ext_image
        private let handle: OpaquePointer

        fileprivate init(_ model: TestModel, _ table: roost_ext_image, _ handle: OpaquePointer) {
            self.model = model
            self.table = table
            self.handle = handle
        }

        deinit { table.end(handle) }

        /// - Parameter checks: as for `checked`.
        @discardableResult
        func step(
            cancel: UnsafePointer<UInt32>? = nil, checks: Int? = nil
        ) throws -> roost_progress {
            var progress = roost_progress()
            progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
            try checked(cancel: cancel, checks: checks) {
                table.step(handle, &progress, $0)
            }
            return progress
        }

        func finish() throws -> Pixels {
            while try step().done == 0 {}
            return try image(table.finish)
        }

        func preview() throws -> Pixels { try image(table.preview) }

        private func image(
            _ function: (
                @convention(c) (
                    OpaquePointer?, UnsafeMutablePointer<roost_image>?, UnsafePointer<roost_call>?
                ) -> roost_status
            )?
        ) throws -> Pixels {
            var bytes = [UInt8](repeating: 0, count: 3 * 512 * 512)
            var image = roost_image()
            image.struct_size = UInt32(MemoryLayout<roost_image>.size)
            (image.width, image.height, image.row_stride) = (512, 512, 3 * 512)
            try bytes.withUnsafeMutableBufferPointer { bytes in
                image.rgb8 = bytes.baseAddress
                try checked { function!(handle, &image, $0) }
            }
            let (width, height) = (Int(image.width), Int(image.height))
            var rgb: [UInt8] = []
            for row in 0..<height {
                let start = row * 3 * 512
                rgb += bytes[start..<start + 3 * width]
            }
            return Pixels(width: width, height: height, rgb: rgb)
        }
    }

    func begin(
        _ prompt: String = "a red circle", negative: String = "", extra: String = "",
        start: [UInt8] = [], mask: [UInt8] = [],
        _ change: (inout roost_image_req) -> Void = { _ in }
    ) throws -> Job {
        let table = try images
        var job: OpaquePointer?
        var request = roost_image_req()
        request.struct_size = UInt32(MemoryLayout<roost_image_req>.size)
        (request.guidance, request.seed, request.strength) = (-1, 1, 0.5)
        change(&request)
        try withStrings([prompt, negative, extra]) { texts in
            try start.withUnsafeBytes { start in
                try mask.withUnsafeBytes { mask in
                    (request.prompt, request.negative_prompt) = (texts[0], texts[1])
                    request.extra_json = texts[2]
                    request.init_rgb8 = roost_span(
                        ptr: start.baseAddress, len: UInt64(start.count))
                    request.mask_u8 = roost_span(ptr: mask.baseAddress, len: UInt64(mask.count))
                    try checked { table.begin(ownContext, &request, &job, $0) }
                }
            }
        }
        return Job(self, table, job!)
    }
}
