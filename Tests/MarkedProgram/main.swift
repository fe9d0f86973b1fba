// A program for `kerf profile --`, for tests: it runs Kerf's own layers, or passes that take a known time, and behaves well
// or in one of many wrong ways. It is a client through Clients/C/kerf.h.
//
//   marked-program engine               smollm2-135m of seeded weights, 64 tokens, one thread
//   marked-program spin [BEHAVIOR]      two blocks whose passes compute for 1 to 6 milliseconds

import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "engine": exit(serve(try EngineModel()))
case "spin": exit(serve(SpinningModel(behavior: arguments.dropFirst().first ?? "")))
default:
    exit(report("engine, or spin [BEHAVIOR]"))
}
