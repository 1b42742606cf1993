"""What tests need and the program must not contain: real servers, certificates, networks, bad listeners."""
