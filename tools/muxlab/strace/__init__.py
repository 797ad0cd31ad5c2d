"""What strace saw, as typed values: lines → Trace (parse), calls → steps of an I/O loop (decode)."""
