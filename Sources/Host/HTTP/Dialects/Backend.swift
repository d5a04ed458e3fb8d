import SearchCollections

/// What the routes of all dialects use.
package struct Backend: Sendable {
    let models: Models
    let workload: Workload
    let body: Body
    let inputs: InputList
    let store: ConversationStore
    let collections: CollectionStore?
    let libraries: AdminLibraries
    let metrics: HTTPMetrics

    var vectors: VectorWork { VectorWork(models: models, workload: workload) }
}
