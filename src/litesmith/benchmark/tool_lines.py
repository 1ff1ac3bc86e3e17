"""The lines that `benchmark_model` prints, as patterns: figures, remarks, and what says nothing more."""

from __future__ import annotations

import re

SEVERITY = re.compile(r"(?P<word>VERBOSE|INFO|WARN|WARNING|ERROR|FATAL): (?:\[[\w./+-]+:\d+\] )?")
_NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
SPREAD = re.compile(
    rf"count=(?P<count>\d+)(?: first=(?P<first>{_NUMBER}))?(?: curr=(?P<last>{_NUMBER})(?P<same>\(all same\))?)?"
    rf"(?: min=(?P<min>{_NUMBER}) max=(?P<max>{_NUMBER}) avg=(?P<avg>{_NUMBER}) std=(?P<std>{_NUMBER}))?"
    rf"(?: p5=(?P<p5>{_NUMBER}) median=(?P<median>{_NUMBER}) p95=(?P<p95>{_NUMBER}))?\s*"
)
TIMINGS = re.compile(
    rf"Inference timings in us: Init: (?P<init>{_NUMBER}), First inference: (?P<first>{_NUMBER}), "
    rf"Warmup \(avg\): (?P<warmup>{_NUMBER}), Inference \(avg\): (?P<avg>{_NUMBER})"
)
MEMORY = re.compile(
    rf"(?:Memory footprint delta from the start of the tool|Peak memory footprint) \(MB\): "
    rf"init=(?P<init>{_NUMBER}) overall=(?P<overall>{_NUMBER})"
)
PEAK = re.compile(rf"Overall peak memory footprint \(MB\) via periodic monitoring: (?P<mb>{_NUMBER})")
REPLACING = re.compile(
    r"Replacing (?P<nodes>\d+)(?: out of (?P<of>\d+))? node\(s\) with delegate \((?P<name>[^)]*)\) node, "
    r"yielding (?P<parts>\d+) partitions(?: for (?:the whole graph|subgraph (?P<graph>\d+(?: \(.*\))?)))?\.?"
)
LITERT = re.compile(
    rf"(?P<what>Model initialization|Warmup \(first\)|Warmup \(avg\)|Inference \((?:avg|min|max|std)\)|Throughput"
    rf"|Init footprint|Overall footprint|Peak memory):\s+(?P<value>{_NUMBER})(?: (?:ms|MB|MB/s))?"
    r"(?: \((?P<runs>\d+) runs\))?"
)
GRAPH = re.compile(
    r"(?:(?P<primary>Primary graph \(name: .*\))|Subgraph \(index: \d+, name: .*\)) (?:profile|summary):"
)
"""Whose operators come next; said only where there are several graphs (`profile_summary_formatter.cc`)."""
NODES = re.compile(r"Number of nodes executed: (?P<count>\d+)")
BEGINNINGS = (
    "Inference timings", "count=", "Memory footprint", "Peak memory footprint", "Overall peak memory", "Replacing ",
    "Number of nodes executed", "Inference (", "Warmup (", "Model initialization", "Init footprint",
    "Overall footprint", "Peak memory:",
)  # fmt: skip
"""What a line begins with that holds a figure; one that cannot be read whole is an error."""
PLAIN = re.compile(
    r"STARTING!|Log parameter values verbosely.*|[#\w .,/()-]+: \[.*\]|Loaded model .*|Loading model from.*"
    r"|The input model file size \(MB\): .*|Initialized session in .*|Running benchmark for at least .*"
    r"|Note: as the benchmark tool itself .*|Memory status at the end of exeution:|[-+] (?:VmRSS|Rss\w+).*"
    r"|Created TensorFlow Lite .*delegate.*|Initialized TensorFlow Lite runtime\.|Applying \d+ TensorFlow Lite .*"
    r"|Successfully applied the default TensorFlow Lite.*| \*NOTE\*: because a delegate.*|\w+ delegate created\."
    r"|Going to apply \d+ delegates.*|Initialized (?:OpenCL|OpenGL)-based API\.|Created \d+ GPU delegate kernels\."
    r"|XNNPack weight cache not enabled\.|Sav(?:ing|ed) benchmark result to: .*|=+(?: BENCHMARK RESULTS =+)?"
    r"|Signature name: .*|Memory Usage:|Peak memory usage not available.*|No throughput data available.*|\[\w+.*:\d+\]"
    r"|Warning: Doubling internal profiling buffer\."
    r"|(?:Primary graph|Subgraph) \(.*|Timings \(microseconds\): .*|Memory \(bytes\): .*|\d+ nodes observed"
)
"""Lines that are known and hold nothing that is kept."""
APPLIED = re.compile(
    r"Explicitly applied (?P<name>\S+) delegate, and the model graph will be (?P<share>completely|partially) "
    r"executed by the delegate(?: w/ (?P<kernels>\d+) delegate kernels)?\."
)
REFUSED = re.compile(
    r"Though (?P<name>\S+) delegate is explicitly applied, the model graph will not be executed by the delegate\."
)
CREATED = "Created TensorFlow Lite XNNPACK delegate for CPU."
"""Said before it is known whether it takes anything. What it took is said by builds for Android only, and by debug
builds (`minimal_logging_default.cc`)."""
DROPPED = "Warning: Dropping ProfileBuffer event."
"""Said once, where the profiler has no place left for operators; the table then looks whole (`profile_buffer.cc`)."""
UNCONSUMED = re.compile(r"Unconsumed cmdline flags: (?P<flags>.*)")
