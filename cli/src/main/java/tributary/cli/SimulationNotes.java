package tributary.cli;

import java.util.List;
import java.util.Locale;
import tributary.simulation.systems.Setting;

/** What a reader of a comparison must know before believing it. */
final class SimulationNotes {
  private SimulationNotes() {}

  static List<String> of(Setting setting) {
    Setting.Limits limits = setting.limits();
    String costs =
        setting
            .costs()
            .map(
                found -> "Steps of Tributary cost what was measured: %s.".formatted(found.source()))
            .orElse(
                "Decode steps of the presets are carried over from steps measured on one H100;"
                    + " prefill is arithmetic on an assumed share of its speed, and no GPU ran"
                    + " this.");
    return List.of(
        "Every system runs under the same scheduler, which batches continuously and cuts prompts"
            + " into pieces; the systems differ in what weights they hold, what a step costs, what"
            + " moves when, and who goes first.",
        String.format(
            Locale.ROOT,
            "Caches are not alike, as in DeltaZip's own comparison: its baseline keeps %d whole"
                + " models in host memory and %d on the device; DeltaZip keeps %d and %d deltas;"
                + " Tributary and LoRA keep what fits.",
            limits.swapHostSlots(),
            limits.swapSlots(),
            limits.deltaZipHostSlots(),
            limits.deltaZipSlots()),
        "A dedicated node for each tenant is the most that hardware can give; compare it by"
            + " throughput for each GPU.",
        "LoRA serves other, smaller fine-tunes; it bounds what a tenant's step can cost.",
        costs);
  }
}
