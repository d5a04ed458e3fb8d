import PluginABI
import PluginKit
import Testing

extension BoundaryTests {
    @Suite struct ImageTableTests {
        private func withImages(
            _ body: (_ context: OpaquePointer, roost_ext_image) throws -> Void
        ) throws {
            try withModel(path: "stripes") { model in
                let table = try #require(plugin.extension(model, ROOST_EXT_IMAGE))
                var parameters = roost_context_params()
                parameters.struct_size = UInt32(MemoryLayout<roost_context_params>.size)
                parameters.n_seq = 1
                var context: OpaquePointer?
                #expect(answer { plugin.context_new(model, &parameters, &context, $0) }.status == 0)
                defer { plugin.context_free(context) }
                try body(try #require(context), table.load(as: roost_ext_image.self))
            }
            #expect(StripeJob.living == 0)
        }

        private func request(_ change: (inout roost_image_req) -> Void = { _ in })
            -> roost_image_req
        {
            var request = roost_image_req()
            request.struct_size = UInt32(MemoryLayout<roost_image_req>.size)
            request.guidance = -1
            request.seed = 7
            change(&request)
            return request
        }

        private func begin(
            _ context: OpaquePointer, _ table: roost_ext_image, prompt: String = "",
            _ change: (inout roost_image_req) -> Void = { _ in }
        ) -> (answer: Answer, job: OpaquePointer?) {
            var job: OpaquePointer?
            var prompt = prompt
            let found = prompt.withUTF8 { bytes in
                var request = request(change)
                request.prompt = roost_str(
                    ptr: UnsafeRawPointer(bytes.baseAddress)?
                        .assumingMemoryBound(to: CChar.self), len: UInt64(bytes.count))
                return answer { table.begin(context, &request, &job, $0) }
            }
            return (found, job)
        }

        private func step(
            _ table: roost_ext_image, _ job: OpaquePointer?
        ) -> (answer: Answer, progress: [UInt32]) {
            var progress = roost_progress()
            progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
            let found = answer { table.step(job, &progress, $0) }
            return (found, [progress.done, progress.step, progress.of])
        }

        /// A buffer of 5 × 3 pixels whose rows are 17 bytes apart, full of 1.
        private func draw(
            _ function: (
                @convention(c) (
                    OpaquePointer?, UnsafeMutablePointer<roost_image>?, UnsafePointer<roost_call>?
                ) -> roost_status
            )?, _ job: OpaquePointer?, width: UInt32 = 5, height: UInt32 = 3, stride: UInt64 = 17
        ) -> (answer: Answer, size: [UInt32], rows: [[UInt8]]) {
            var bytes = [UInt8](repeating: 1, count: 51)
            return bytes.withUnsafeMutableBufferPointer { bytes in
                var image = roost_image()
                image.struct_size = UInt32(MemoryLayout<roost_image>.size)
                (image.width, image.height, image.row_stride) = (width, height, stride)
                image.rgb8 = bytes.baseAddress
                let found = answer { function!(job, &image, $0) }
                let rows = (0..<3).map { Array(bytes[$0 * 17..<$0 * 17 + 17]) }
                return (found, [image.width, image.height, image.channels], rows)
            }
        }

        @Test func aJobIsSteppedUntilItIsDone() throws {
            try withImages { context, table in
                #expect(table.struct_size == 48)
                let job = begin(context, table).job
                #expect(draw(table.finish, job).answer.message.contains("not done"))
                #expect(step(table, job).progress == [0, 1, 3])
                #expect(step(table, job).progress == [0, 2, 3])
                #expect(step(table, job).progress == [1, 3, 3])
                #expect(step(table, job).answer.status == -1)
                let found = draw(table.finish, job)
                #expect(found.size == [4, 2, 3])
                let row: [UInt8] = Array(repeating: 7, count: 9) + [0, 0, 0]
                let rest = [UInt8](repeating: 1, count: 5)
                #expect(found.rows == [row + rest, row + rest, Array(repeating: 1, count: 17)])
                #expect(draw(table.finish, job).rows == found.rows)
                table.end(job)
            }
        }

        @Test func jobsOfOneContextGoOnSideBySide() throws {
            try withImages { context, table in
                let jobs = [UInt64(3), 4].map { seed in
                    begin(context, table) { $0.seed = seed }.job
                }
                for _ in 0..<3 { for job in jobs { _ = step(table, job) } }
                for (job, color) in zip(jobs, [UInt8(3), 4]) {
                    #expect(
                        draw(table.finish, job).rows[0].prefix(9)
                            == Array(repeating: color, count: 9)[...])
                }
                #expect(StripeJob.living == 2)
                jobs.forEach(table.end)
            }
        }

        @Test func aJobMayEndAtAnyTimeAndGoOnAfterAFailure() throws {
            try withImages { context, table in
                table.end(begin(context, table).job)
                let job = begin(context, table, prompt: "fail").job
                _ = step(table, job)
                #expect(step(table, job).answer == Answer(status: -9, message: "stuck"))
                let cancelled = answer(cancel: 1) { call in
                    var progress = roost_progress()
                    progress.struct_size = UInt32(MemoryLayout<roost_progress>.size)
                    return table.step(job, &progress, call)
                }
                #expect(cancelled.status == -5)
                #expect(step(table, job).progress == [0, 2, 3])
                table.end(job)
            }
        }

        @Test func aPreviewMayBeSmallOrMissing() throws {
            try withImages { context, table in
                let job = begin(context, table).job
                _ = step(table, job)
                let found = draw(table.preview, job)
                #expect(found.size == [1, 1, 3])
                #expect(found.rows[0].prefix(4) == [7, 7, 7, 1])
                table.end(job)
                let blind = begin(context, table, prompt: "blind").job
                #expect(draw(table.preview, blind).answer.status == -2)
                table.end(blind)
            }
        }

        @Test func aBufferThatIsTooSmallIsRefused() throws {
            try withImages { context, table in
                let job = begin(context, table) { $0.steps = 1 }.job
                _ = step(table, job)
                for (width, height, stride) in [(3, 3, 17), (5, 1, 17), (5, 3, 11)]
                    as [(UInt32, UInt32, UInt64)]
                {
                    let found = draw(
                        table.finish, job, width: width, height: height, stride: stride)
                    #expect(found.answer.status == -1)
                    #expect(found.answer.message.contains("expected at least 4 × 2"))
                    #expect(found.rows.joined().allSatisfy { $0 == 1 })
                }
                table.end(job)
            }
        }

        @Test func whatTheHostLeavesOpenIsTheModelsChoice() throws {
            try withImages { context, table in
                table.end(begin(context, table).job)
                let open = try #require(StripeContext.last)
                #expect(open.width == nil && open.height == nil && open.steps == nil)
                #expect(open.guidance == nil && open.strength == 1)
                let bytes = [UInt8](repeating: 9, count: 12)
                let started = bytes.withUnsafeBytes { bytes in
                    begin(context, table, prompt: "a") {
                        ($0.width, $0.height, $0.steps) = (2, 2, 1)
                        ($0.guidance, $0.strength) = (0, 0.5)
                        $0.init_rgb8 = roost_span(ptr: bytes.baseAddress, len: 12)
                    }
                }
                table.end(started.job)
                let full = try #require(StripeContext.last)
                #expect(full.width == 2 && full.height == 2 && full.steps == 1)
                #expect(full.guidance == 0 && full.strength == 0.5 && full.initial == bytes)
                #expect(full.prompt == "a")
            }
        }

        @Test func argumentsThatMakeNoSenseAreRefused() throws {
            try withImages { context, table in
                let bytes: [UInt8] = [1, 2, 3]
                bytes.withUnsafeBytes { bytes in
                    let span = roost_span(ptr: bytes.baseAddress, len: 3)
                    let short = begin(context, table) { $0.init_rgb8 = span }
                    #expect(short.answer.message.contains("init_rgb8 has 3 bytes, expected 24"))
                    let strong = begin(context, table) {
                        ($0.init_rgb8, $0.strength) = (span, 1.5)
                    }
                    #expect(strong.answer.message.contains("strength"))
                    #expect(begin(context, table) { $0.mask_u8 = span }.answer.status == -2)
                }
                #expect(begin(context, table) { $0.guidance = .nan }.answer.status == -1)
                #expect(begin(context, table) { $0.struct_size = 8 }.answer.status == -1)
                #expect(
                    begin(context, table) { $0.mask_u8 = roost_span(ptr: nil, len: 4) }.answer
                        .status == -1)
                #expect(answer { table.begin(context, nil, nil, $0) }.status == -1)
                #expect(answer { table.step(nil, nil, $0) }.status == -1)
                table.end(nil)
            }
        }

        @Test func infoSaysWhatTheModelDraws() throws {
            withModel(path: "stripes") { model in
                let sink = TestSink()
                #expect(answer { plugin.info_json(model, sink.table, $0) }.status == 0)
                #expect(
                    sink.text == #"{"name": "stripes", "image": {"width": 4, "height": 2, "#
                        + #""steps": 3, "guidance": 1.5, "multiple_of": 2, "#
                        + #""schedulers": ["one", "two"], "scheduler": "two"}}"#)
            }
            withModel { #expect(plugin.extension($0, ROOST_EXT_IMAGE) == nil) }
        }
    }
}
