package tributary.cli;

import picocli.CommandLine.Command;

/** Groups the benchmarks. */
@Command(
    name = "bench",
    description = "Measure speed; for quality see evaluate --compare.",
    subcommands = {
      BenchDecodeCommand.class,
      BenchPrefillCommand.class,
      BenchColdStartCommand.class,
      BenchDeviceCommand.class,
      BenchLoadCommand.class,
      BenchCalibrateCommand.class,
      BenchGatewayCommand.class,
      BenchServeCommand.class
    },
    synopsisSubcommandLabel = "BENCHMARK")
final class BenchCommand {}
