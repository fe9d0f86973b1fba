import SystemIO

/// Remedies in the words of the command line: the only place where they become options.
package enum RemedyText {
    package static func words(_ remedy: Remedy) -> String {
        switch remedy {
        case .text(let text): text
        case .quietBoxOrLongerBudget: "stop other load on the box, let it cool down, or allow more time with --budget"
        case .largerQuotaOrFewerThreads: "give the control group a quota of at least as many CPUs as --threads"
        case .nameColumn: "name one of them with --column"
        case .runEstimatorSelfTest: "run kerf selftest estimator --json first"
        case .withoutPinning: "leave out --pin"
        case .longerAnswers: "allow more with --answer-timeout"
        case .markedProgram: "let it call kerf.torch.serve or kerf.serve, as docs/programs.md shows"
        case .largerBatch: "profile with a larger --batch, or decide with fewer --micro-batches"
        case .sameWorkload: "profile both boxes with the same --model, --batch, --seq, --rank and --targets"
        case .inferenceOrTrainingStep:
            "profile a training step, or decide where to cut inference with kerf decide --inference"
        case .chooseWorkload: "choose it with --batch, --seq and --rank"
        case .profileMoreWorkloads:
            "choose one within, or profile one beyond it, with a list for --seq, --batch or --rank"
        case .measuredTimes: "decide with --level B, which uses measured times"
        case .declaredServerPower:
            "declare the server's power with --server-power WATTS, or count delay only with --weight 1"
        case .computingEnergyOnly: "profile the server with a meter, or decide with --energy-scope computing"
        case .serverEnergyOnly: "profile the device with a meter, or decide with --energy-scope waiting"
        case .declaredLink: "run iperf3 on Linux, or give --link"
        case .unpackCapture: "unpack it with tar and give the directory: kerf doctor --root DIR"
        case .userNamespaces:
            "permit them (sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, "
                + "sudo sysctl user.max_user_namespaces=1000 elsewhere, another seccomp profile in a container), "
                + "or unpack the capture with tar and use: kerf doctor --root DIR"
        case .recordCapture: "record one with: kerf capture --out box.tar"
        case .f32OrOwnProducts: "use --dtype f32 or --engine kerf"
        case .ownProducts: "use --engine kerf"
        case .allWeights: "keep all in memory with --residency all"
        case .weightFormat: "name a format with --weight-format, or give a quantized GGUF file with --weights"
        case .virtualBoard: "measure on a virtual board: kerf board --root DIR"
        case .hostOrVirtualBoard:
            "run on the machine itself, or measure on a virtual board: kerf board --root DIR"
        case .powerSensorOrVirtualBoard:
            "use a power sensor of the board (lm-sensors), or a virtual board: kerf board --root DIR"
        case .calibrateAgain: "profile it and calibrate it again: kerf profile, then kerf calibrate"
        case .decideAgain: "decide again with kerf decide, or give --server and --link"
        case .serverAndLink: "give --server and --link, or collect the box's decision (kerf decide --out)"
        case .linkToServer: "measure it on the box with kerf link --out, or give --link for all boxes"
        case .runningSystem: "on the running system: kerf doctor"
        case .nameRails: "name those that add up to the box, without overlap: kerf profile --rails NAME,NAME"
        case .railsOfOneKind: "name rails of one kind with --rails"
        case .restoreFrequency(let root):
            "restore them: kerf restore-frequency" + (root.map { " --root \($0)" } ?? "")
        case .startBoard(nil): "start one: kerf board --root DIR"
        case .startBoard(let root?): "start it again: kerf board --root \(root)"
        case .makeDoctorReport: "run kerf doctor --json first"
        case .makeKeys: "make them with kerf keys init --out DIR, or give the folder that holds them with --keys"
        case .makeDeviceKeys(let name): "make new ones with: kerf keys device \(name) --keys DIR"
        case .of(let subject, let remedy): "\(subject): \(words(remedy))"
        case .all(let remedies): remedies.map(words).joined(separator: "; ")
        }
    }
}
