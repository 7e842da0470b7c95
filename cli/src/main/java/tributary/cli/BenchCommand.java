package tributary.cli;

import picocli.CommandLine.Command;

/** Groups the benchmarks. */
@Command(
    name = "bench",
    description = "Measure speed and quality.",
    subcommands = {BenchDecodeCommand.class, BenchQualityCommand.class},
    synopsisSubcommandLabel = "BENCHMARK")
final class BenchCommand {}
