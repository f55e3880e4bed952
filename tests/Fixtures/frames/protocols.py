"""Protocols, as Scapy layers and as the definitions that the kernel parser is given."""

from scapy.fields import (ByteField, IntField, LEIntField, LEShortField, ShortField, StrFixedLenField, XIntField,
                          XLEIntField, XLongField, XShortField)
from scapy.packet import Packet


class CustomProto(Packet):
    """The built-in definition. Nothing is filled in: every length below is written by hand."""
    fields_desc = [XShortField("magic", 0xCAFE), ByteField("version", 1), ByteField("type", 1), ShortField("length", 0)]


class Sensor(Packet):
    """Little-endian, four-byte magic, a plain field behind the length."""
    fields_desc = [XLEIntField("magic", 0xFEEDBEEF), ByteField("version", 3), ByteField("type", 0),
                   LEShortField("length", 0), LEIntField("sequence", 0)]


class Counted(Packet):
    """Length is four bytes wide and counts the header."""
    fields_desc = [XShortField("magic", 0xBEEF), ByteField("version", 1), ByteField("type", 0), IntField("length", 8)]


class NoMagic(Packet):
    """No magic, a length of one byte: as short as a protocol with a length gets."""
    fields_desc = [ByteField("version", 2), ByteField("type", 0), ByteField("length", 0)]


class NoLength(Packet):
    """No length: the data is the rest of the UDP payload."""
    fields_desc = [XShortField("magic", 0xABBA), ByteField("version", 1), ByteField("type", 0)]


class OddMagic(Packet):
    """An eight-byte magic at offset 3, behind a plain field; its top bit is set."""
    fields_desc = [StrFixedLenField("flags", b"\x01\x02\x03", 3), XLongField("magic", 0x8899AABBCCDDEEFF),
                   ByteField("version", 7), ByteField("type", 0), ShortField("length", 0), XShortField("tail", 0x5555)]


class Longest(Packet):
    """A header of 64 bytes, its fields at the very end; version is four bytes wide."""
    fields_desc = [StrFixedLenField("padding", b"\xee" * 53, 53), XIntField("version", 0x00000002),
                   XIntField("magic", 0xC0FFEE11), ShortField("length", 0), ByteField("type", 0)]


def field(name, offset, width, role, value=None):
    result = {"name": name, "offset": offset, "width": width, "role": role}
    if value is not None:
        result["value"] = value
    return result


def definition(name, port, header_size, fields, byte_order="BigEndian", counts_header=False):
    return {"definition": {"name": name, "ports": [port], "byteOrder": byte_order, "headerSize": header_size,
                           "lengthCountsHeader": counts_header, "fields": fields}}


SENSOR = definition("Sensor", 9000, 12, byte_order="LittleEndian", fields=[
    field("Magic", 0, 4, "Magic", 4276993775), field("Version", 4, 1, "Version", 3), field("Type", 5, 1, "Type"),
    field("Length", 6, 2, "Length"), field("Sequence", 8, 4, "Plain")])
COUNTED = definition("Counted", 9001, 8, counts_header=True, fields=[
    field("Magic", 0, 2, "Magic", 48879), field("Version", 2, 1, "Version", 1), field("Type", 3, 1, "Type"),
    field("Length", 4, 4, "Length")])
COUNTED_WITHOUT = definition("CountedWithout", 9001, 8, counts_header=False, fields=[
    field("Magic", 0, 2, "Magic", 48879), field("Version", 2, 1, "Version", 1), field("Type", 3, 1, "Type"),
    field("Length", 4, 4, "Length")])
NO_MAGIC = definition("NoMagic", 9002, 3, [
    field("Version", 0, 1, "Version", 2), field("Type", 1, 1, "Type"), field("Length", 2, 1, "Length")])
NO_LENGTH = definition("NoLength", 9003, 4, [
    field("Magic", 0, 2, "Magic", 43962), field("Version", 2, 1, "Version", 1), field("Type", 3, 1, "Type")])
ODD_MAGIC = definition("OddMagic", 9004, 17, [
    field("FlagA", 0, 1, "Plain"), field("FlagB", 1, 2, "Plain"),
    field("Magic", 3, 8, "Magic", 9843086184167632639), field("Version", 11, 1, "Version", 7),
    field("Type", 12, 1, "Type"), field("Length", 13, 2, "Length"), field("Tail", 15, 2, "Plain")])
LONGEST = definition("Longest", 9005, 64, [
    field("Version", 53, 4, "Version", 2), field("Magic", 57, 4, "Magic", 3237998097),
    field("Length", 61, 2, "Length"), field("Type", 63, 1, "Type")])
