"""Deployments to render: one with everything, one with as little as there can be, one with hostile names."""

from __future__ import annotations

import dataclasses

import pytest
from report_parts import DEVICE, FLOAT_IN, FLOAT_OUT, HOSTILE, INT_IN, VERSIONS, make_variants, sha

from litesmith.core.conversion import Attempt, AttemptOutcome, Conversion, SelectOps
from litesmith.core.deployment import Constraints, DatasetSummary, Deployment, Environment, StageTime
from litesmith.core.preprocessing import Preprocessing, preset
from litesmith.core.recovery import Recovery, RecoveryFigures
from litesmith.core.results import (
    Calibration,
    CalibratorTrial,
    Finding,
    RangeStability,
    RangeVerdict,
    Severity,
    SourceInfo,
    Status,
    Variant,
)


def make_full() -> Deployment:
    skipped = Finding(
        code="unreadable-image",
        severity=Severity.WARNING,
        message="3 files could not be decoded and were left out.",
        hint="Remove or re-encode them.",
        sample="val/n03/IMG_0012.jpg",
    )
    few = Finding(
        code="few-samples",
        severity=Severity.WARNING,
        message="64 calibration samples; at least 100 give steadier ranges.",
        hint="Add samples with --calibration-samples 200.",
    )
    note = Finding(
        code="shared-governor",
        severity=Severity.INFO,
        message="The frequency governor is not known; latencies may vary more than their percentiles show.",
    )
    return Deployment(
        schema_version=1,
        litesmith_version="0.1.0",
        source=SourceInfo(
            path="models/mobilenet_v2_flowers.keras",
            kind="keras",
            sha256=sha("source"),
            size_bytes=14_312_448,
            framework="Keras 3.12.0",
            actions=("Loaded without its optimizer.", "Registered the custom layer 'Normalizer' from layers.py."),
        ),
        conversion=Conversion(
            file="model_float32.tflite",
            sha256=sha("float32"),
            size_bytes=13_987_432,
            route="saved_model",
            attempts=(
                Attempt(
                    rung="keras_direct",
                    title="Keras' own way",
                    why="It is the first.",
                    outcome=AttemptOutcome.FAILED,
                    cause="unknown",
                    message="'Functional' object has no attribute '_get_save_spec'",
                    duration_s=1.25,
                ),
                Attempt(
                    rung="saved_model",
                    title="by way of a SavedModel",
                    why="It keeps names.",
                    outcome=AttemptOutcome.CONVERTED,
                    cause="",
                    message="",
                    duration_s=6.5,
                ),
            ),
            batch=1,
            signature="serving_default",
            inputs=(FLOAT_IN,),
            outputs=(FLOAT_OUT,),
            duration_s=18.4,
            check_samples=16,
            check_source="flowers/train",
            max_abs_difference=4.7e-7,
            max_rel_difference=6.1e-7,
            top1_agreement=1.0,
        ),
        preprocessing=preset("signed"),
        datasets=(
            DatasetSummary(
                role="evaluation",
                source="flowers/val",
                kind="image_folder",
                sha256=sha("val"),
                n=1000,
                labelled=True,
                skipped=3,
                findings=(skipped,),
            ),
            DatasetSummary(
                role="calibration",
                source="flowers/train",
                kind="image_folder",
                sha256=sha("cal"),
                n=64,
                labelled=False,
                skipped=0,
            ),
        ),
        calibration=Calibration(
            calibrator="percentile",
            reason="It gave the highest SQNR of three on the calibration samples.",
            trials=(
                CalibratorTrial(calibrator="minmax", sqnr_db=21.7, agreement=0.953),
                CalibratorTrial(calibrator="percentile", sqnr_db=24.9, agreement=0.984),
                CalibratorTrial(calibrator="entropy", sqnr_db=23.2, agreement=0.969),
            ),
            samples=64,
            tensors=102,
            duration_s=6.2,
            findings=(few,),
            stability=RangeStability(
                verdict=RangeVerdict.UNSTABLE,
                text="ranges from two halves of the samples differ by 4.1 % in the median tensor and by at most "
                "16.0 % in 95 % of them: not settled, more samples are needed (some 263 by estimate)",
                tensors=101,
                limit=0.1,
                median_difference=0.041,
                p95_difference=0.16,
                worst_difference=0.22,
                worst_tensor="block_3/<add>",
                samples_wanted=263,
            ),
        ),
        recovery=Recovery(
            kept=False,
            reason="not measurably better than the model made without training on 80 samples kept apart",
            measure="total variation",
            before=RecoveryFigures(error=0.0312, agreement=0.9625),
            after=RecoveryFigures(error=0.0298, agreement=0.975),
            difference=-0.0014,
            difference_interval=(-0.0037, 0.0009),
            p_value=0.23,
            trained_on=280,
            chosen_on=40,
            judged_on=80,
            epochs=4,
            best_epoch=3,
            losses=(0.0213, 0.0154, 0.0129, 0.0117, 0.0121),
            folded=52,
            left_float=("head_norm (LayerNormalization)",),
            actions=("opened with Keras 3 for training; its answers were compared",),
            duration_s=74.2,
        ),
        variants=make_variants(),
        constraints=Constraints(max_drop=0.01, max_size_bytes=5_000_000),
        recommended="int8",
        nearest="",
        reason="It is the fastest variant that loses at most 1.00 points of top1 and is at most 5 MB.",
        warnings=(note,),
        stages=(
            StageTime(stage="convert", duration_s=18.4, cached=False),
            StageTime(stage="calibrate", duration_s=0.0, cached=True),
            StageTime(stage="quantize", duration_s=21.7, cached=False),
            StageTime(stage="evaluate", duration_s=64.2, cached=False),
            StageTime(stage="benchmark", duration_s=41.9, cached=False),
        ),
        environment=Environment(
            versions=VERSIONS,
            machine="x86_64",
            cpu=DEVICE.cpu,
            cores=4,
            memory_bytes=DEVICE.memory_bytes,
            os="Linux 6.8.0",
            governor="unknown",
            created="2025-03-14T09:26:53+00:00",
            seed=0,
        ),
    )


def make_minimal() -> Deployment:
    full = make_full()
    bare = dataclasses.replace(full.variants[2], evaluation=None, benchmarks=(), on_frontier=False)
    return dataclasses.replace(
        full,
        source=dataclasses.replace(full.source, path="model.tflite", kind="tflite", framework="", actions=()),
        conversion=dataclasses.replace(
            full.conversion,
            route="none",
            attempts=(),
            check_samples=0,
            max_abs_difference=None,
            max_rel_difference=None,
            top1_agreement=None,
        ),
        preprocessing=Preprocessing(preset="raw"),
        datasets=(),
        calibration=None,
        variants=(bare,),
        constraints=Constraints(),
        recommended="dynamic_int8",
        reason="It is the smallest variant; accuracy was not measured, as there was no dataset.",
        warnings=(),
        stages=(),
    )


def make_hostile() -> Deployment:
    full = make_full()
    bad = dataclasses.replace(
        full.variants[3],
        scheme=HOSTILE,
        file=HOSTILE,
        reason=HOSTILE,
        inputs=(dataclasses.replace(INT_IN, name=HOSTILE),),
        op_counts={HOSTILE: 1},
        float_ops=(HOSTILE,),
        findings=(Finding(code=HOSTILE, severity=Severity.ERROR, message=HOSTILE, hint=HOSTILE, sample=HOSTILE),),
    )
    failed = Variant(scheme=HOSTILE + "2", status=Status.FAILED, reason=HOSTILE)
    return dataclasses.replace(
        full,
        source=dataclasses.replace(full.source, path=HOSTILE, kind=HOSTILE, framework=HOSTILE, actions=(HOSTILE,)),
        conversion=dataclasses.replace(
            full.conversion,
            route=HOSTILE,
            attempts=tuple(
                dataclasses.replace(a, rung=HOSTILE, title=HOSTILE, why=HOSTILE, message=HOSTILE)
                for a in full.conversion.attempts
            ),
            select_ops=SelectOps(
                ops=(HOSTILE,), layers=(HOSTILE,), app_bytes=98_673_560, dependency=HOSTILE, avoid=HOSTILE
            ),
        ),
        datasets=(dataclasses.replace(full.datasets[0], source=HOSTILE, kind=HOSTILE),),
        variants=(full.variants[0], bad, failed),
        recommended=HOSTILE,
        reason=HOSTILE,
        recovery=Recovery(kept=True, reason=HOSTILE, variant=HOSTILE, left_float=(HOSTILE,), actions=(HOSTILE,)),
        environment=dataclasses.replace(full.environment, versions={HOSTILE: HOSTILE}, cpu=HOSTILE, os=HOSTILE),
    )


@pytest.fixture
def full() -> Deployment:
    return make_full()


@pytest.fixture
def minimal() -> Deployment:
    return make_minimal()


@pytest.fixture
def hostile() -> Deployment:
    return make_hostile()
