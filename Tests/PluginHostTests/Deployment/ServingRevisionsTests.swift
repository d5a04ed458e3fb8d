import PluginHost
import Testing

@Suite struct ServingRevisionsTests {
    @Test func whoComesLateGetsWhatServesAtOnce() async throws {
        let test = try TestDeployment(.inProcess)
        await test.registry.start()
        var snapshots = test.registry.revisions.snapshots.makeAsyncIterator()
        #expect(await snapshots.next()?.keys.sorted() == ["m"])
        await test.registry.stop(within: .zero)
        #expect(await snapshots.next() == [:])
    }

    @Test func everyRevisionThatTakesOverIsTold() async throws {
        let test = try TestDeployment(.inProcess)
        var snapshots = test.registry.revisions.snapshots.makeAsyncIterator()
        #expect(await snapshots.next() == [:])
        let deployment = try test.deployment
        try await deployment.load()
        let first = try #require(await snapshots.next()?["m"])
        _ = try await deployment.reload()
        let second = try #require(await snapshots.next()?["m"])
        #expect(second != first)
        try await deployment.unload()
        #expect(await snapshots.next() == [:])
        await test.registry.stop(within: .zero)
    }

    @Test func aModelThatWasRemovedAndAddedAgainIsAnother() async throws {
        let test = try TestDeployment(.inProcess)
        await test.registry.start()
        var snapshots = test.registry.revisions.snapshots.makeAsyncIterator()
        let before = try #require(await snapshots.next()?["m"])
        let spec = try test.deployment.spec
        // Nobody looks meanwhile: only the last of all changes is kept.
        try await test.registry.remove("m")
        try await test.registry.add(spec)
        let after = try #require(await snapshots.next()?["m"])
        #expect(try test.deployment.status.revision == 1 && after != before)
        await test.registry.stop(within: .zero)
    }

    @Test func aFollowerThatIsCancelledEnds() async throws {
        let revisions = ServingRevisions()
        let following = Task {
            for await _ in revisions.snapshots {}
        }
        following.cancel()
        await following.value
    }
}
