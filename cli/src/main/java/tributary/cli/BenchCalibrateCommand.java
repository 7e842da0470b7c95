package tributary.cli;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.model.bench.RandomDelta;
import tributary.model.bench.StepBenchmark;
import tributary.simulation.cost.CostFile;
import tributary.simulation.cost.CostFit;
import tributary.simulation.cost.CostModel;
import tributary.simulation.cost.LinkCost;
import tributary.simulation.cost.StepWork;

/** Fits the simulator's cost model to steps that it measures. */
@Command(
    name = "calibrate",
    description = "Measure steps of many shapes and fit the cost model that simulate uses.")
final class BenchCalibrateCommand implements Callable<Integer> {
  private static final int WARM_UPS = 2;

  @Mixin private BaseWeights weights = new BaseWeights();

  @Option(
      names = "--delta",
      paramLabel = "FILE",
      description = "Delta files to use as tenants, of one codec, instead of random sign planes.")
  private List<Path> deltas = new ArrayList<>();

  @Option(
      names = "--planes",
      defaultValue = "1",
      paramLabel = "P",
      description = "Sign planes of each random delta (default: ${DEFAULT-VALUE}).")
  private int planes;

  @Option(
      names = "--codec",
      defaultValue = "bitdelta",
      paramLabel = "NAME",
      description = "What the cost model calls the deltas (default: ${DEFAULT-VALUE}).")
  private String codec = "";

  @Option(
      names = "--runs",
      defaultValue = "9",
      paramLabel = "N",
      description = "Runs of each shape, of which the median counts (default: ${DEFAULT-VALUE}).")
  private int runs;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Where the cost model goes, as JSON.")
  private Path out = Path.of("");

  @Mixin private BackendOptions backend = new BackendOptions();

  @Mixin private ReportOptions report = new ReportOptions();

  @Override
  public Integer call() {
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try (Backend device = backend.open();
        BaseModel base = weights.open(device)) {
      try {
        CostModel costs = calibrate(device, base, opened);
        CostFile.write(costs, out);
        report.print(
            costs,
            to -> to.printf("%s: %s%n%s%n", out, costs.name(), String.valueOf(costs.residuals())));
      } finally {
        BenchDecodeCommand.closeAll(opened);
      }
    }
    return 0;
  }

  private CostModel calibrate(Backend device, BaseModel base, Deque<AutoCloseable> opened) {
    long begun = System.nanoTime();
    List<ResidentDelta> tenants = tenants(base, opened);
    double loadSeconds = (System.nanoTime() - begun) / 1e9;
    double bytes = tenants.stream().mapToDouble(tenant -> tenant.size().count()).sum();
    var fit = new CostFit();
    int positions = Math.min(CalibrationShapes.POSITIONS, base.config().contextLength());
    List<List<StepBenchmark.Slice>> shapes = CalibrationShapes.of(tenants.size(), positions);
    try (var steps = new StepBenchmark(base, tenants, CalibrationShapes.SLICES_MAX, positions);
        ProgressBar progress = ReportOptions.progress("Calibrating", shapes.size(), "shapes")) {
      // The first runs of a program are slow, and each shape takes its own way through it.
      for (int i = 0; i < WARM_UPS; i++) {
        shapes.forEach(shape -> steps.nanos(shape, 1));
      }
      for (List<StepBenchmark.Slice> shape : shapes) {
        fit.add(work(shape, tenants), steps.nanos(shape, runs) / 1e9);
        progress.step();
      }
    }
    // With files, a load is what opening them took; random deltas have none.
    double speed = deltas.isEmpty() ? 1e9 : bytes / loadSeconds;
    return fit.fit(
        "%s on %s".formatted(weights.name(), device.name()),
        "bench calibrate, %s, %d shapes, %d runs each"
            .formatted(device.description(), shapes.size(), runs),
        codec,
        new LinkCost(speed, 1e-4, 2),
        new LinkCost(1e12, 0, 2));
  }

  private static StepWork work(List<StepBenchmark.Slice> shape, List<ResidentDelta> tenants) {
    var work = new StepWork();
    int[] rows = new int[tenants.size()];
    for (StepBenchmark.Slice slice : shape) {
      work.slice(slice.first(), slice.count(), true);
      if (slice.delta() != StepBenchmark.BASE) {
        rows[slice.delta()] += slice.count();
      }
    }
    for (int tenant = 0; tenant < rows.length; tenant++) {
      if (rows[tenant] > 0) {
        work.delta(tenants.get(tenant).size().count() / 1e9, rows[tenant]);
      }
    }
    return work;
  }

  private List<ResidentDelta> tenants(BaseModel base, Deque<AutoCloseable> opened) {
    List<ResidentDelta> residents = new ArrayList<>();
    for (Path file : deltas) {
      ResidentDelta resident = ResidentDelta.load(file, base);
      opened.push(resident);
      residents.add(resident);
    }
    for (int i = 0; deltas.isEmpty() && i < CalibrationShapes.TENANTS_MAX; i++) {
      RandomDelta random = new RandomDelta(base, planes, i + 1L);
      opened.push(random);
      residents.add(random.delta());
    }
    return residents;
  }
}
