"""Media types by file name extension, and the sets of them that are treated alike. Tables only.

The rows are those of a mime.types file: a media type, then its extensions. An extension may stand in several rows.
"""

from __future__ import annotations


def _read(rows: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows.splitlines():
        media_type, *extensions = row.split() or [""]
        for extension in extensions:
            found[extension] = (*found.get(extension, ()), media_type)
    return found


OLE = "application/x-ole-storage"
ZIP = "application/zip"
TEXT = "text/plain"
RTF = "application/rtf"
PROGRAM = "application/x-executable"
# What a container may hold when nothing in it says which.
IMAGES = frozenset({"image/heic", "image/heif", "image/avif"})
FILMS = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "video/3gpp2"})
SOUNDS = frozenset({"audio/mp4", "audio/3gpp", "audio/3gpp2"})
MATROSKA = frozenset({"video/webm", "audio/webm", "video/x-matroska", "audio/x-matroska"})

# Extensions whose content is known well: what bears no sign of these types contradicts the extension.
KNOWN = _read(
    """
image/jpeg .jpg .jpeg .jpe .jfif .pjpeg .pjp .mpo
image/png .png .apng
image/gif .gif
image/webp .webp
image/heic .heic .heics .hif
image/heif .heif
image/avif .avif .avifs
image/bmp .bmp .dib
image/tiff .tif .tiff
image/svg+xml .svg
application/pdf .pdf
application/msword .doc .dot
application/vnd.ms-excel .xls .xlt
application/vnd.ms-powerpoint .ppt .pps .pot
application/vnd.ms-outlook .msg
application/vnd.openxmlformats-officedocument.wordprocessingml.document .docx
application/vnd.openxmlformats-officedocument.wordprocessingml.template .dotx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet .xlsx
application/vnd.openxmlformats-officedocument.spreadsheetml.template .xltx
application/vnd.openxmlformats-officedocument.presentationml.presentation .pptx
application/vnd.openxmlformats-officedocument.presentationml.slideshow .ppsx
application/vnd.openxmlformats-officedocument.presentationml.template .potx
application/vnd.ms-word.document.macroenabled.12 .docm
application/vnd.ms-word.template.macroenabled.12 .dotm
application/vnd.ms-excel.sheet.macroenabled.12 .xlsm
application/vnd.ms-excel.template.macroenabled.12 .xltm
application/vnd.ms-excel.sheet.binary.macroenabled.12 .xlsb
application/vnd.ms-powerpoint.presentation.macroenabled.12 .pptm
application/vnd.ms-powerpoint.slideshow.macroenabled.12 .ppsm
application/vnd.oasis.opendocument.text .odt
application/vnd.oasis.opendocument.text-template .ott
application/vnd.oasis.opendocument.spreadsheet .ods
application/vnd.oasis.opendocument.spreadsheet-template .ots
application/vnd.oasis.opendocument.presentation .odp
application/vnd.oasis.opendocument.presentation-template .otp
application/vnd.oasis.opendocument.graphics .odg
application/epub+zip .epub
application/rtf .rtf
application/zip .zip
application/x-7z-compressed .7z
application/gzip .gz .tgz
application/vnd.rar .rar
audio/mpeg .mp3
audio/mp4 .m4a .m4b .mp4
audio/wav .wav
audio/webm .webm .weba
audio/3gpp .3gp .3gpp
video/mp4 .mp4 .m4v
video/quicktime .mov .qt
video/webm .webm
video/3gpp .3gp .3gpp
video/3gpp2 .3g2
text/plain .txt .text .log
text/csv .csv
text/tab-separated-values .tsv
text/markdown .md .markdown
text/calendar .ics
text/vcard .vcf
text/vtt .vtt
text/html .html .htm .xhtml
application/xhtml+xml .xhtml
application/json .json
application/geo+json .geojson
application/xml .xml .xbrl .xsd
application/yaml .yaml .yml
application/x-tex .tex
application/x-subrip .srt
application/x-bibtex .bib
application/x-research-info-systems .ris
application/gpx+xml .gpx
application/vnd.google-earth.kml+xml .kml
application/vnd.garmin.tcx+xml .tcx
application/vnd.recordare.musicxml+xml .musicxml
"""
)
# Other extensions, with the types that wildcards such as audio/* mean. What they hold is their programs' matter; the
# rest is looked up in Python's own table.
OTHER = _read(
    """
image/vnd.adobe.photoshop .psd .psb
image/vnd.dwg .dwg
image/vnd.dxf .dxf
image/vnd.djvu .djvu .djv
image/jxl .jxl
image/jp2 .jp2 .j2k .jpf .jpx
image/x-adobe-dng .dng
image/x-canon-cr2 .cr2
image/x-canon-cr3 .cr3
image/x-nikon-nef .nef .nrw
image/x-sony-arw .arw
image/x-fuji-raf .raf
image/x-olympus-orf .orf
image/x-panasonic-rw2 .rw2
image/x-pentax-pef .pef
image/x-icon .ico .cur
image/x-tga .tga
image/x-exr .exr
image/emf .emf
image/wmf .wmf
audio/aac .aac .adts
audio/flac .flac
audio/ogg .ogg .oga .opus .spx
audio/amr .amr .awb
audio/midi .mid .midi .kar
audio/aiff .aif .aiff .aifc
audio/x-caf .caf
audio/x-ms-wma .wma
audio/x-matroska .mka
audio/x-ape .ape
audio/x-mpegurl .m3u
video/ogg .ogv .ogg
video/x-matroska .mkv
video/x-msvideo .avi
video/x-ms-wmv .wmv
video/x-ms-asf .asf
video/x-flv .flv
video/mpeg .mpg .mpeg .mpe .vob
video/mp2t .mts .m2ts .m2t
model/stl .stl
model/step .step .stp
model/iges .iges .igs
model/obj .obj
model/gltf+json .gltf
model/gltf-binary .glb
model/3mf .3mf
application/dicom .dcm .dicom
application/illustrator .ai
application/postscript .eps .ps
application/vnd.google-earth.kmz .kmz
application/vnd.ms-project .mpp
application/vnd.visio .vsd .vsdx
application/x-bzip2 .bz2
application/x-xz .xz
application/zstd .zst
application/x-tar .tar
application/x-lzh-compressed .lzh .lha
"""
)
# What the content of a known extension may be beside its own type, as programs write it: RTF, text and the XML of 2003
# under .doc, tables of text under .xls, a film's sound under .m4a. "" is content without a known signature.
ALSO: dict[str, set[str]] = {
    ".heif": {"image/heic", "image/avif"},
    ".hif": {"image/heic"},
    ".doc": {RTF, TEXT},
    ".dot": {RTF, TEXT},  # Graphviz's too
    ".pot": {TEXT},  # gettext's too
    ".msg": {TEXT},  # Tcl's and ROS's too
    ".xls": {TEXT},
    ".mp3": {""},
    ".m4a": {"audio/aac", "video/mp4"},
    ".xhtml": {"text/html"},  # nothing in the content tells the two apart
}
# Other names of the same types, as signature tables, Windows, Macs and old pages have them.
SAME = {
    other: row[0]
    for row in (
        names.split()
        for names in """
image/jpeg image/jpg image/pjpeg image/x-citrix-jpeg
image/png image/x-png image/apng image/vnd.mozilla.apng image/x-citrix-png
image/gif image/x-citrix-gif
image/bmp image/x-ms-bmp image/x-bmp image/x-windows-bmp
image/tiff image/tif image/x-tif image/x-tiff
image/svg+xml image/svg image/svg-xml
image/heic image/heic-sequence
image/heif image/heif-sequence
image/x-icon image/vnd.microsoft.icon
image/vnd.adobe.photoshop image/x-photoshop image/psd application/x-photoshop application/photoshop
image/vnd.dwg image/x-dwg application/acad application/x-acad application/dwg application/x-dwg application/autocad_dwg
application/pdf application/x-pdf application/acrobat application/vnd.pdf text/pdf text/x-pdf
application/msword application/doc application/x-msword application/vnd.msword application/x-doc
application/vnd.ms-excel application/excel application/x-excel application/msexcel application/x-msexcel application/xls
application/vnd.ms-powerpoint application/powerpoint application/mspowerpoint application/x-mspowerpoint
application/rtf text/rtf text/richtext application/x-rtf
application/zip application/x-zip application/x-zip-compressed multipart/x-zip application/zip-compressed
application/x-7z-compressed application/x-7z application/7z
application/gzip application/x-gzip application/x-gzip-compressed application/x-tgz application/x-compressed-tar
application/x-tar application/tar
application/x-bzip2 application/x-bzip application/bzip2
application/vnd.rar application/x-rar-compressed application/x-rar application/rar
application/x-lzh-compressed application/x-lzh application/x-lha
application/dicom image/dicom application/x-dicom image/x-dicom
text/csv application/csv text/x-csv application/x-csv text/comma-separated-values text/x-comma-separated-values
text/markdown text/x-markdown
text/vcard text/x-vcard text/directory
application/json text/json text/x-json
application/xml text/xml
application/yaml text/yaml text/x-yaml application/x-yaml
application/x-tex text/x-tex application/x-latex text/x-latex
audio/wav audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav
audio/mpeg audio/mp3 audio/x-mp3 audio/mpeg3 audio/x-mpeg audio/x-mpeg-3
audio/mp4 audio/x-m4a audio/m4a audio/mp4a-latm
audio/aac audio/x-aac audio/aacp
audio/flac audio/x-flac
audio/midi audio/mid audio/x-midi
audio/aiff audio/x-aiff
video/mp4 video/x-m4v
video/x-msvideo video/avi video/msvideo
""".strip().splitlines()
    )
    for other in row[1:]
}
TEXTUAL = frozenset(
    {
        "application/json",
        "application/xml",
        "application/yaml",
        "application/x-tex",
        "application/x-subrip",
        "application/x-bibtex",
        "application/x-research-info-systems",
    }
)
ACTIVE = frozenset(
    {
        "image/svg+xml",
        "text/html",
        "application/xhtml+xml",
        "text/javascript",
        "application/javascript",
    }
)
# What runs, or makes something run, when a person opens it: what Outlook holds back for that, and its like elsewhere
# (support.microsoft.com, "Blocked attachments in Outlook").
PROGRAMS = frozenset(
    _read(
        """
* .ade .adp .apk .app .appimage .application .appref-ms .asp .aspx .bas .bat .bin .chm .class .cmd .com .command .cpl
* .csh .deb .desktop .diagcab .dll .dmg .drv .dylib .efi .elf .exe .gadget .grp .hlp .hta .htc .htm .html .img .inf
* .ins .iqy .iso .isp .its .jar .jnlp .js .jse .ko .ksh .library-ms .lnk .mad .mde .mht .mhtml .mjs .msc .msh .msi
* .msix .msp .mst .o .ocx .ops .php .pif .pkg .pl .ps1 .ps1xml .ps2 .psc1 .psd1 .psm1 .py .pyc .pyo .pyw .pyz .reg
* .rpm .scf .scr .sct .settingcontent-ms .sh .shb .shs .shtml .so .svg .svgz .sys .theme .url .vb .vbe .vbs .vhd
* .vhdx .wasm .website .workflow .ws .wsc .wsf .wsh .xbap .xht .xhtml .xll .xnk
"""
    )
)
