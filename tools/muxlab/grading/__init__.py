"""The instruments of the graded suite, and what a graded test is made of."""

from muxlab.grading.client import Client
from muxlab.grading.command import Tools
from muxlab.grading.deadline import Deadlines, calibrate
from muxlab.grading.declare import GradedTest, declaration_of, graded
from muxlab.grading.descriptors import Descriptor, Registration
from muxlab.grading.gate import Gate, Trap
from muxlab.grading.instruments import Instrument, InstrumentError, Instruments
from muxlab.grading.lab import LabUnderTest
from muxlab.grading.launch import Ended
from muxlab.grading.server import ServerUnderTest
from muxlab.grading.story import Failed, Step, Story
from muxlab.grading.trace import Mark, arguments, descriptor_of, timeout_of

__all__ = [
    "Client",
    "Deadlines",
    "Descriptor",
    "Ended",
    "Failed",
    "Gate",
    "GradedTest",
    "Instrument",
    "InstrumentError",
    "Instruments",
    "LabUnderTest",
    "Mark",
    "Registration",
    "ServerUnderTest",
    "Step",
    "Story",
    "Tools",
    "Trap",
    "arguments",
    "calibrate",
    "declaration_of",
    "descriptor_of",
    "graded",
    "timeout_of",
]
