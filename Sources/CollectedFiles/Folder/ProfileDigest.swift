import ProfileFormat

/// What the view of a fleet needs of a profile, without its samples, which take a hundred times the memory.
package struct ProfileDigest: Sendable {
    package let created: String
    package let box: BoxIdentity
    package let meter: MeterDescription
    package let model: ModelDescription
    package let workload: WorkloadDescription
    package let closure: Closure?
    package let disturbances: Disturbances?

    package init(_ profile: Profile) {
        created = profile.created
        box = profile.box
        meter = profile.meter
        model = profile.model
        workload = profile.workload
        closure = profile.checks?.closure
        disturbances = profile.disturbances
    }
}
