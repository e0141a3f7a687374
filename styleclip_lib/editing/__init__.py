"""The methods of StyleCLIP, one file each."""
