# A stand-in for the official benchmark_model: prints its formats; times follow from the model's size and the threads.
if [ "$1" = --help ]; then
    echo 'INFO: STARTING!'
    printf 'ERROR: usage: %s <flags>\nFlags:\n' "$0" >&2
    for name in graph num_threads num_runs warmup_runs warmup_min_secs min_secs max_secs enable_op_profiling use_gpu \
        report_peak_memory_footprint memory_footprint_check_interval_ms allow_dynamic_profiling_buffer_increase; do
        printf '\t--%s=\t\tstring\toptional\ta stand-in\n' "$name" >&2
    done
    exit 1
fi
num_runs=50 warmup_runs=1 num_threads=-1 ops=false gpu=false peak=false
for word; do
    value=${word#*=}
    case $word in
        --graph=*) graph=$value ;;
        --num_runs=*) num_runs=$value ;;
        --warmup_runs=*) warmup_runs=$value ;;
        --num_threads=*) num_threads=$value ;;
        --enable_op_profiling=*) ops=$value ;;
        --use_gpu=*) gpu=$value ;;
        --report_peak_memory_footprint=*) peak=$value ;;
        --min_secs=* | --max_secs=* | --warmup_min_secs=* | --memory_footprint_check_interval_ms=*) ;;
        --allow_dynamic_profiling_buffer_increase=*) ;;
        *) echo "WARN: Unconsumed cmdline flags: $word" ;;
    esac
done
echo 'INFO: STARTING!'
echo "INFO: Num threads: [$num_threads]"
echo "INFO: Graph: [$graph]"
case $(head -c 8 "$graph" | tail -c 4) in
    TFL3) echo "INFO: Loaded model $graph" ;;
    *)
        echo "ERROR: The model is not a valid Flatbuffer buffer" >&2
        echo "ERROR: Failed to load model $graph" >&2
        echo "ERROR: Benchmarking failed." >&2
        exit 1
        ;;
esac
size=$(wc -c <"$graph")
mean=$((100 + size / 100 / num_threads))
spread() {
    low=$((mean - 10)) high=$((mean + 30))
    if [ "$1" -eq 1 ]; then
        echo "INFO: count=1 curr=$mean p5=$mean median=$mean p95=$mean"
    else
        echo "INFO: count=$1 first=$high curr=$mean min=$low max=$high avg=$mean std=7 p5=$((low + 1)) median=$((mean - 1)) p95=$((high - 1))"
    fi
    echo
}
echo 'INFO: Initialized session in 1.5ms.'
echo "INFO: Running benchmark for at least $warmup_runs iterations and at least 0 seconds but terminate if exceeding 120 seconds."
spread "$warmup_runs"
echo "INFO: Running benchmark for at least $num_runs iterations and at least 0 seconds but terminate if exceeding 120 seconds."
spread "$num_runs"
echo "INFO: Inference timings in us: Init: 1500, First inference: $((mean * 3)), Warmup (avg): $mean, Inference (avg): $mean"
echo 'INFO: Memory footprint delta from the start of the tool (MB): init=2.5 overall=3.625'
[ "$peak" = true ] && echo 'INFO: Overall peak memory footprint (MB) via periodic monitoring: 8.25'
echo 'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.' >&2
echo 'VERBOSE: Replacing 3 out of 4 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 2 partitions for subgraph 0 (main).' >&2
[ "$gpu" = true ] && echo 'INFO: Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate.'
[ "$ops" = true ] && cat <<'PROFILE'
@PROFILE@
PROFILE
exit 0
