import Foundation
import PluginABI
import PluginTesting

extension PluginLibrary {
    static let stableDiffusion = PluginLibrary("libStableDiffusion.so")
}

/// Bytes of a picture and its size.
struct Pixels: Equatable {
    let width: Int
    let height: Int
    let rgb: [UInt8]
}

/// An open model of the library with one context.
final class TestModel {
    private let plugin = PluginLibrary.stableDiffusion
    private let handle: OpaquePointer
    private let context: OpaquePointer
    private let table: roost_ext_image

    init(_ path: String, _ settings: String = "", budget: UInt64 = 0) throws {
        handle = try plugin.open(path, settings: settings, budget: budget)
        var parameters = roost_context_params()
        parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
        parameters.n_seq = 1
        var made: OpaquePointer?
        let (table, model) = (plugin.table, handle)
        try checked { table.context_new(model, &parameters, &made, $0) }
        context = made!
        self.table = table.extension(model, ROOST_EXT_IMAGE)!.load(as: roost_ext_image.self)
    }

    /// The folder stays until the model is open.
    convenience init(_ folder: TestFolder, _ settings: String = "") throws {
        defer { withExtendedLifetime(folder) {} }
        try self.init(folder.path, settings)
    }

    deinit {
        plugin.table.context_free(context)
        plugin.table.close(handle)
    }

    func info() throws -> [String: Any] {
        let sink = ByteSink()
        sink.collect { precondition(plugin.table.info_json(handle, $0) == 0) }
        let object = try JSONSerialization.jsonObject(with: Data(sink.bytes))
        return object as? [String: Any] ?? [:]
    }

    func selfTest() throws -> String {
        let table = plugin.table.extension(handle, ROOST_EXT_SELFTEST)!
            .load(as: roost_ext_selftest.self)
        let sink = ByteSink()
        try sink.collect { out in try checked { table.run(context, 5000, out, $0) } }
        return String(decoding: sink.bytes, as: UTF8.self)
    }

    /// A job that is ended with the value.
    final class Job {
        private let model: TestModel
        fileprivate let handle: OpaquePointer

        init(_ model: TestModel, _ handle: OpaquePointer) {
            self.model = model
            self.handle = handle
        }

        deinit { model.table.end(handle) }

        /// - Parameter checks: as for `checked`.
        @discardableResult
        func step(
            cancel: UnsafePointer<Int32>? = nil, checks: Int? = nil
        ) throws -> roost_progress {
            var progress = roost_progress()
            progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
            try checked(cancel: cancel, checks: checks) {
                model.table.step(handle, &progress, $0)
            }
            return progress
        }

        func finish() throws -> Pixels {
            while try step().done == 0 {}
            return try picture(model.table.finish)
        }

        func preview() throws -> Pixels { try picture(model.table.preview) }

        private func picture(
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
        var job: OpaquePointer?
        var request = roost_image_req()
        request.struct_size = UInt32(MemoryLayout<roost_image_req>.size)
        (request.guidance, request.seed, request.strength) = (-1, 1, 0.5)
        change(&request)
        try withStrings([prompt, negative, extra]) { texts in
            try start.withUnsafeBytes { start in
                try mask.withUnsafeBytes { mask in
                    (request.prompt, request.negative) = (texts[0], texts[1])
                    request.extra_json = texts[2]
                    request.init_rgb8 = roost_span(
                        ptr: start.baseAddress, len: UInt64(start.count))
                    request.mask_u8 = roost_span(ptr: mask.baseAddress, len: UInt64(mask.count))
                    try checked { table.begin(context, &request, &job, $0) }
                }
            }
        }
        return Job(self, job!)
    }
}
